// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.memory;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicBoolean;
import org.virtio.memory.DmaBuffer;

/** A range of a mapped region, handed out. */
final class RegionBuffer implements DmaBuffer {
    private static final byte[] ZEROS = new byte[4096];

    private final RegionAllocator allocator;
    private final MappedRegion region;
    private final int offset;
    private final ByteBuffer bytes;
    /** Atomic, so that not even a race of two threads gives the same range back twice. */
    private final AtomicBoolean closed = new AtomicBoolean();

    RegionBuffer(RegionAllocator allocator, MappedRegion region, int offset, int size) {
        this.allocator = allocator;
        this.region = region;
        this.offset = offset;
        this.bytes = region.bytes().slice(offset, size).order(ByteOrder.LITTLE_ENDIAN);
    }

    void zero() {
        for (int at = 0; at < size(); at += ZEROS.length) {
            bytes.put(at, ZEROS, 0, Math.min(ZEROS.length, size() - at));
        }
    }

    /** Whether it came from {@code other} and is not closed. */
    boolean isOf(RegionAllocator other) {
        return allocator == other && !closed.get();
    }

    MappedRegion region() {
        return region;
    }

    int offset() {
        return offset;
    }

    @Override
    public int size() {
        return bytes.capacity();
    }

    @Override
    public long deviceAddress() {
        return allocator.addresses().toDevice(address());
    }

    @Override
    public long address() {
        return region.region().address() + offset;
    }

    @Override
    public ByteBuffer bytes() {
        return bytes;
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            allocator.free(this);
        }
    }
}
