// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicInteger;
import org.virtio.memory.DmaBuffer;
import org.virtio.transport.QueueNotifier;

/**
 * Small rings for tests that need millions of them: slices of one direct buffer, handed out in turn. There are far more of
 * them than a harness has in use at a time.
 */
final class RingArena {
    static final int SIZE = 4;
    private static final int SLOT = 512;
    private static final int SLOTS = 1 << 17;
    private static final ByteBuffer MEMORY = ByteBuffer.allocateDirect(SLOT * SLOTS + 64).alignedSlice(64);
    private static final AtomicInteger NEXT = new AtomicInteger();

    private RingArena() {
    }

    /** A zeroed buffer for a ring of {@link #SIZE} descriptors; its device address is its offset in the arena. */
    static DmaBuffer buffer() {
        int offset = (NEXT.getAndIncrement() & SLOTS - 1) * SLOT;
        ByteBuffer bytes = MEMORY.slice(offset, SLOT).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < SLOT; i += Long.BYTES) {
            bytes.putLong(i, 0);
        }
        return new Slice(offset, bytes);
    }

    /** A queue in {@link #buffer}, whose notifications go nowhere. */
    static Ring queue(DmaBuffer memory, boolean eventIdx) {
        Ring queue = new RingFormat(false, eventIdx, false, false, 0).create(0, SIZE, memory);
        queue.notifier(SILENT);
        return queue;
    }

    private static final QueueNotifier SILENT = new QueueNotifier() {
        @Override
        public void notifyDevice(int data) {
            // What is tested is whether it would be called.
        }

        @Override
        public boolean await(long timeoutNanos) {
            return false;
        }

        @Override
        public void wakeup() {
            // Nobody waits.
        }
    };

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
