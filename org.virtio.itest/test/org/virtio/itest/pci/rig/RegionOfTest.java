// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.nio.ByteBuffer;
import org.virtio.memory.MemoryRegion;
import org.virtio.posix.PosixException;
import org.virtio.posix.SharedMemory;

/** A region as the core makes them: a sealed memory file. */
record RegionOfTest(SharedMemory memory) implements MemoryRegion, AutoCloseable {
    static RegionOfTest create(int size) throws PosixException {
        return new RegionOfTest(SharedMemory.create("qtest-region", size, false));
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
