// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicLong;
import org.virtio.memory.DmaAllocator;
import org.virtio.memory.DmaBuffer;
import org.virtio.memory.DmaExhaustedException;

/** Memory of the test's own process, limited and counted. */
final class FakeMemory implements DmaAllocator {
    private final AtomicLong allocated = new AtomicLong();
    private volatile long capacity = 1L << 30;
    /** Whether open buffers act as closed ones do. */
    volatile boolean failing;

    @Override
    public DmaBuffer allocate(int size, int alignment) {
        if (allocated.addAndGet(size) > capacity) {
            long others = allocated.addAndGet(-size);
            throw new DmaExhaustedException(size + " bytes asked for, " + (capacity - others) + " left", null);
        }
        return new Buffer(size);
    }

    @Override
    public boolean owns(DmaBuffer buffer) {
        return buffer instanceof Buffer own && own.owner() == this && !own.closed;
    }

    @Override
    public long allocated() {
        return allocated.get();
    }

    @Override
    public long capacity() {
        return capacity;
    }

    void capacity(long bytes) {
        capacity = bytes;
    }

    private final class Buffer implements DmaBuffer {
        private final ByteBuffer bytes;
        private boolean closed;

        Buffer(int size) {
            bytes = ByteBuffer.allocateDirect(size).order(ByteOrder.LITTLE_ENDIAN);
        }

        FakeMemory owner() {
            return FakeMemory.this;
        }

        @Override
        public int size() {
            return bytes.capacity();
        }

        @Override
        public long deviceAddress() {
            return 0;
        }

        @Override
        public ByteBuffer bytes() {
            if (closed || failing) {
                throw new IllegalStateException("the buffer is closed");
            }
            return bytes;
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                allocated.addAndGet(-bytes.capacity());
            }
        }
    }
}
