// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.virtio.memory.MemoryRegion;
import org.virtio.posix.PosixException;
import org.virtio.posix.SharedMemory;

/** A memory region as the core would make it. */
final class TestRegion implements MemoryRegion, AutoCloseable {
    private final SharedMemory memory;

    TestRegion(int size) throws PosixException {
        memory = SharedMemory.create("vhost-user test", size, false);
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
        return memory.mapping().buffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public void close() {
        memory.close();
    }
}
