// SPDX-License-Identifier: Apache-2.0
package org.virtio.memory;

import org.osgi.annotation.versioning.ProviderType;

/** Hands out memory that one device shares with its driver. Thread-safe; for set-up, not for the data path. */
@ProviderType
public interface DmaAllocator {
    /** Alignment of {@link #allocate(int)}, in bytes. */
    int DEFAULT_ALIGNMENT = 4096;

    /** A zeroed buffer of {@code size} bytes aligned to {@link #DEFAULT_ALIGNMENT}. */
    default DmaBuffer allocate(int size) {
        return allocate(size, DEFAULT_ALIGNMENT);
    }

    /**
     * A zeroed buffer.
     *
     * @param size      in bytes, at least 1
     * @param alignment in bytes, a power of two up to 4096
     * @throws IllegalArgumentException if size or alignment are out of range
     * @throws DmaExhaustedException    if no region has room and the device can be given no further one
     */
    DmaBuffer allocate(int size, int alignment);

    /** Whether a buffer came from this allocator and is not closed: whether its device knows the memory. */
    boolean owns(DmaBuffer buffer);

    /** Bytes handed out and not yet closed. */
    long allocated();

    /** Bytes in all regions. */
    long capacity();
}
