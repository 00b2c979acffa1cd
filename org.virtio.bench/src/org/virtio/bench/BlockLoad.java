// SPDX-License-Identifier: Apache-2.0
package org.virtio.bench;

import org.virtio.core.memory.AddressMap;
import org.virtio.core.queue.PollingDevice;
import org.virtio.core.queue.Ring;
import org.virtio.core.queue.RingFormat;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueResult;
import org.virtio.queue.UsedBufferHandler;
import org.virtio.transport.QueueNotifier;

/**
 * A ring, and requests on it as a block driver makes them: each has a slot, last freed first taken, with its own header and
 * status, and the queue knows it by the slot's number; the data are elsewhere each time. So some of a descriptor table is
 * found as it was left, and some is not.
 */
final class BlockLoad implements UsedBufferHandler, QueueNotifier {
    /** Descriptors of the ring. */
    static final int SIZE = 256;
    private static final int SLOT_BYTES = 64;
    private static final int HEADER_BYTES = 16;
    private static final int DATA_BYTES = 4096;
    private static final int DATA_BUFFERS = 1024;
    private static final long RING_ADDRESS = 1L << 32;
    private static final long CONTROL_ADDRESS = 2L << 32;
    private static final long DATA_ADDRESS = 3L << 32;

    private final RingFormat format;
    private final int descriptors;
    private final DmaBuffer memory;
    private final DmaBuffer control = new BenchMemory(SIZE * SLOT_BYTES, CONTROL_ADDRESS);
    private final DmaBuffer data = new BenchMemory(DATA_BUFFERS * DATA_BYTES, DATA_ADDRESS);
    /** A stack of slots. */
    private final int[] free = new int[SIZE];
    private final Ring ring;
    private int freeCount;
    private int nextData;
    private long written;

    /** An empty ring of the calling thread. */
    BlockLoad(RingFormat format, int descriptors) {
        this.format = format;
        this.descriptors = descriptors;
        memory = new BenchMemory(format.bytes(SIZE), RING_ADDRESS);
        ring = format.create(0, SIZE, memory, new AddressMap());
        ring.notifier(this);
        ring.owner(Thread.currentThread());
        for (int slot = 0; slot < SIZE; slot++) {
            free[freeCount++] = slot;
        }
    }

    /** What the words of a format's name are: split or packed, and in-order or nothing. */
    static RingFormat format(String name, boolean eventIdx, boolean indirect) {
        return new RingFormat(name.startsWith("packed"), eventIdx, name.endsWith("in-order"), indirect, 0);
    }

    /** The other end. */
    PollingDevice device() {
        return PollingDevice.of(format, ring.setup(), memory.bytes(), memory.bytes());
    }

    /** Another, that reads what {@link #device} reads and tells nobody. */
    PollingDevice rehearsal() {
        return PollingDevice.of(format, ring.setup(), memory.bytes(), new BenchMemory(memory.size(), 0).bytes());
    }

    /** Adds a request: false if there is no room. */
    boolean add() {
        if (freeCount == 0 || ring.begin(this, free[freeCount - 1], descriptors) != QueueResult.OK) {
            return false;
        }
        int slot = free[--freeCount] * SLOT_BYTES;
        if (descriptors > 1) {
            ring.addReadable(control, slot, HEADER_BYTES);
        }
        addData();
        if (descriptors > 3) {
            addData();
        }
        if (descriptors > 2) {
            ring.addWritable(control, slot + HEADER_BYTES, 1);
        }
        return true;
    }

    private void addData() {
        ring.addWritable(data, nextData, DATA_BYTES);
        nextData = nextData + DATA_BYTES & DATA_BUFFERS * DATA_BYTES - 1;
    }

    void flush() {
        ring.flush();
    }

    /** Takes up to so many used buffers, and returns how many there were. */
    int poll(int limit) {
        int count = ring.poll(this, limit);
        if (count < 0) {
            throw new IllegalStateException(ring.brokenReason());
        }
        return count;
    }

    /** Bytes that the device says it wrote. */
    long written() {
        return written;
    }

    @Override
    public void used(Object token, long slot, int bytes) {
        free[freeCount++] = (int) slot;
        written += bytes;
    }

    @Override
    public void used(Object token, int bytes) {
        throw new IllegalStateException("a request has a slot");
    }

    @Override
    public void notifyDevice(int notificationData) {
        // A device that spins needs none, and asks for one in 65536 requests at most.
    }

    @Override
    public boolean await(long timeoutNanos) {
        return false;
    }

    @Override
    public void wakeup() {
        // Nobody waits.
    }
}
