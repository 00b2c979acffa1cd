// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.virtio.memory.DmaAllocator;
import org.virtio.memory.DmaBuffer;
import org.virtio.memory.DmaExhaustedException;

/**
 * Shared memory through which a poller copies what is in other memory. For one thread.
 * Buffers have sizes that are powers of two, so that any of a size can stand in for another.
 */
final class BouncePool {
    /** The most that can be taken at once, in bytes: 1 MiB. */
    static final int MAX_SIZE = 1 << 20;

    private static final int MIN_SHIFT = 12;
    /** Enough to keep a fast device busy, little enough for a poller to hold on to. */
    private static final long BUDGET = 16L * MAX_SIZE;

    private final DmaAllocator memory;
    private final List<Deque<DmaBuffer>> free = new ArrayList<>();
    private long allocated;
    private int taken;

    BouncePool(DmaAllocator memory) {
        this.memory = memory;
        for (int size = 1 << MIN_SHIFT; size <= MAX_SIZE; size <<= 1) {
            free.add(new ArrayDeque<>());
        }
    }

    /**
     * A buffer, with whatever is in it.
     *
     * @param size 1 to {@link #MAX_SIZE} bytes
     * @return null if there is none until some are given back
     * @throws DmaExhaustedException if there is none although all have been given back
     */
    DmaBuffer take(int size) {
        int sizeClass = sizeClass(size);
        DmaBuffer buffer = free.get(sizeClass).poll();
        if (buffer == null) {
            buffer = allocate(1 << sizeClass + MIN_SHIFT);
        }
        if (buffer != null) {
            taken++;
        }
        return buffer;
    }

    /** Gives back a buffer that the device no longer has. */
    void give(DmaBuffer buffer) {
        taken--;
        free.get(sizeClass(buffer.size())).push(buffer);
    }

    /** Whether there is nothing to {@link #trim}. */
    boolean isEmpty() {
        for (int i = 0; i < free.size(); i++) {
            if (!free.get(i).isEmpty()) {
                return false;
            }
        }
        return true;
    }

    /** Gives memory that is not taken back to the allocator. */
    void trim() {
        for (Deque<DmaBuffer> buffers : free) {
            for (DmaBuffer buffer = buffers.poll(); buffer != null; buffer = buffers.poll()) {
                allocated -= buffer.size();
                buffer.close();
            }
        }
    }

    private DmaBuffer allocate(int size) {
        if (allocated + size > BUDGET) {
            trim();
        }
        if (allocated + size > BUDGET) {
            return null;
        }
        DmaBuffer buffer;
        try {
            buffer = memory.allocate(size);
        } catch (DmaExhaustedException e) {
            trim();
            if (taken > 0) {
                return null;
            }
            buffer = memory.allocate(size);
        }
        allocated += size;
        return buffer;
    }

    private static int sizeClass(int size) {
        return Math.max(0, Integer.SIZE - Integer.numberOfLeadingZeros(size - 1) - MIN_SHIFT);
    }
}
