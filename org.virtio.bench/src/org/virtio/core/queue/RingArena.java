// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicInteger;
import org.virtio.core.memory.AddressMap;
import org.virtio.memory.DmaBuffer;

/**
 * Small rings for tests that need millions of them: slices of one buffer, handed out in turn. There are far more of them than
 * a harness has in use at a time.
 */
public final class RingArena {
    /** Descriptors of a ring. */
    public static final int SIZE = 4;
    /** Bytes of an arena. */
    public static final int BYTES = 1 << 26;
    /** In the JVM's own memory. */
    static final RingArena HERE = new RingArena(ByteBuffer.allocateDirect(BYTES + 128).alignedSlice(64));

    private static final int SLOT = 512;
    private static final int SLOTS = BYTES / SLOT;

    private final ByteBuffer memory;
    private final AtomicInteger next = new AtomicInteger();

    /** An arena in memory of {@link #BYTES}, aligned to 64. */
    public RingArena(ByteBuffer memory) {
        this.memory = memory;
    }

    /** A zeroed buffer for a ring; its device address is its offset in the arena. */
    public DmaBuffer buffer() {
        int offset = (next.getAndIncrement() & SLOTS - 1) * SLOT;
        ByteBuffer bytes = memory.slice(offset, SLOT).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < SLOT; i += Long.BYTES) {
            bytes.putLong(i, 0);
        }
        return new Slice(offset, bytes);
    }

    /** A queue in {@link #buffer}, whose notifications go nowhere. */
    public static Ring queue(DmaBuffer memory, boolean packed, boolean eventIdx) {
        Ring queue = new RingFormat(packed, eventIdx, false, false, 0).create(0, SIZE, memory, new AddressMap());
        queue.notifier(SessionQueue.NOBODY);
        return queue;
    }

    private record Slice(long deviceAddress, ByteBuffer bytes) implements DmaBuffer {
        @Override
        public int size() {
            return bytes.capacity();
        }

        @Override
        public void close() {
            // The arena keeps it.
        }
    }
}
