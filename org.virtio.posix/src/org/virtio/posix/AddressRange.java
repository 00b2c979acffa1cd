// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.virtio.posix.LibC.libc;

import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Addresses that stay taken until the mapping over them is closed and no buffer over them is reachable.
 *
 * <p>The cleaner's thread is made by the JDK, with the system's class loader as its context. It refers to classes of this
 * bundle only through the entries of buffers that still exist, and ends when they are gone and this class is unloaded.
 */
final class AddressRange {
    static final long MAP_FAILED = -1;

    private static final Cleaner CLEANER = Cleaner.create();
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_PRIVATE = 2;
    private static final int MAP_FIXED = 0x10;
    private static final int MAP_ANONYMOUS = 0x20;
    private static final int MAP_NORESERVE = 0x4000;

    private final long address;
    private final long size;
    /** The mapping and each buffer that was made from the bare address. */
    private final AtomicInteger holders = new AtomicInteger(1);

    AddressRange(long address, long size) {
        this.address = address;
        this.size = size;
    }

    long address() {
        return address;
    }

    /** Called while the mapping holds the range, so the count is not zero. */
    ByteBuffer newBuffer(long offset, int length) {
        ByteBuffer buffer = LibC.view(address + offset, length);
        holders.incrementAndGet();
        CLEANER.register(buffer, this::release);
        return buffer;
    }

    /** One mmap(2) with MAP_FIXED: at no instant are the addresses unmapped. */
    boolean replaceWithZeros() {
        int flags = MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE;
        return libc().mmap(LibC.pointer(address), size, PROT_READ_WRITE, flags, FileDescriptor.NONE, 0) == address;
    }

    void release() {
        if (holders.decrementAndGet() == 0) {
            libc().munmap(address, size);
        }
    }
}
