// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.dma;

import java.nio.ByteBuffer;
import org.virtio.memory.MemoryRegion;
import org.virtio.posix.PosixException;
import org.virtio.posix.SharedMemory;

/** A memory region as the core would make it, in ordinary pages. */
public final class TestRegion implements MemoryRegion, AutoCloseable {
    private final SharedMemory memory;

    /** Makes a region. */
    public TestRegion(int size) throws PosixException {
        memory = SharedMemory.create("pci test", size, false);
    }

    @Override
    public long address() {
        return memory.mapping().address();
    }

    @Override
    public int size() {
        return (int) memory.size();
    }

    @Override
    public int fd() {
        return memory.fd().intValue();
    }

    @Override
    public long fileOffset() {
        return 0;
    }

    @Override
    public ByteBuffer buffer() {
        return memory.mapping().buffer();
    }

    @Override
    public void close() {
        memory.close();
    }
}
