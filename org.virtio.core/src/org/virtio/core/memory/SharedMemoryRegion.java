// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.memory;

import java.nio.ByteBuffer;
import org.virtio.device.VirtioException;
import org.virtio.memory.MemoryRegion;
import org.virtio.posix.PosixException;
import org.virtio.posix.SharedMemory;

/** A region that is a sealed memory file of its own. */
final class SharedMemoryRegion implements MemoryRegion, AutoCloseable {
    private final SharedMemory memory;
    private final long address;
    private final int fd;
    private final boolean hugePages;

    private SharedMemoryRegion(SharedMemory memory, boolean hugePages) {
        this.memory = memory;
        this.hugePages = hugePages;
        this.address = memory.mapping().address();
        this.fd = memory.fd().intValue();
    }

    /**
     * Creates a zeroed region.
     *
     * @param size in bytes; rounded up to whole pages
     * @throws VirtioException if the machine has not that much, or not in pages of that kind
     */
    static SharedMemoryRegion create(int size, boolean hugePages) throws VirtioException {
        SharedMemory memory;
        try {
            memory = SharedMemory.create("virtio-dma", size, hugePages);
        } catch (PosixException e) {
            throw new VirtioException(e.getMessage(), e);
        }
        if (memory.size() > Integer.MAX_VALUE) {
            memory.close();
            throw new VirtioException(size + " bytes in whole pages come to " + memory.size() + ", more than a region can have");
        }
        return new SharedMemoryRegion(memory, hugePages);
    }

    /** Whether huge pages back it. */
    boolean hugePages() {
        return hugePages;
    }

    @Override
    public long address() {
        return address;
    }

    @Override
    public int size() {
        return (int) memory.size();
    }

    @Override
    public int fd() {
        return fd;
    }

    @Override
    public long fileOffset() {
        return 0;
    }

    @Override
    public ByteBuffer buffer() {
        return memory.mapping().buffer();
    }

    /** Frees the memory. Buffers over it that are still about read zeros. */
    @Override
    public void close() {
        memory.close();
    }
}
