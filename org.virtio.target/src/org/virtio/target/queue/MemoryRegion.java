// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.Mapping;

/**
 * One region of the driver's memory, mapped. A buffer ends at 2 GiB, so a larger region is seen through windows that start
 * every 1 GiB and overlap: up to 1 GiB from any offset is in one window. Its buffers are for absolute access only.
 */
public final class MemoryRegion implements AutoCloseable {
    /** The most bytes that one window is sure to hold from any offset. */
    static final int MAX_PIECE = 1 << MemoryRegion.WINDOW_BITS;

    private static final int WINDOW_BITS = 30;

    private final long guestAddress;
    private final long userAddress;
    private final long size;
    private final Mapping mapping;
    private final ByteBuffer[] windows;

    private MemoryRegion(long guestAddress, long userAddress, long size, long offset, Mapping mapping) {
        this.guestAddress = guestAddress;
        this.userAddress = userAddress;
        this.size = size;
        this.mapping = mapping;
        this.windows = new ByteBuffer[Math.toIntExact(size - 1 >>> WINDOW_BITS) + 1];
        for (int i = 0; i < windows.length; i++) {
            long start = (long) i << WINDOW_BITS;
            windows[i] = mapping.buffer(offset + start, (int) Math.min(size - start, Integer.MAX_VALUE));
        }
    }

    /**
     * Maps a region. The file is mapped from its start, because an offset that suits pages need not suit huge pages.
     *
     * @param guestAddress where the driver's descriptors see the region
     * @param userAddress  where the front end's process sees it
     * @param size         bytes
     * @param fd           the file that holds it; stays the caller's
     * @param offset       bytes from the file's start
     * @throws IOException if an address or the offset overflows, the file is too short for it, or it cannot be mapped
     */
    public static MemoryRegion map(long guestAddress, long userAddress, long size, FileDescriptor fd, long offset)
            throws IOException {
        if (size <= 0 || offset < 0 || offset + size < 0
                || overflows(guestAddress, size) || overflows(userAddress, size)) {
            throw new IOException(String.format("memory region of 0x%x bytes at guest address 0x%x, user address 0x%x, "
                + "file offset 0x%x is empty or goes beyond 64 bits", size, guestAddress, userAddress, offset));
        }
        Mapping mapping = Mapping.map(fd, 0, offset + size, true);
        try {
            return new MemoryRegion(guestAddress, userAddress, size, offset, mapping);
        } catch (RuntimeException e) {
            mapping.close();
            throw e;
        }
    }

    private static boolean overflows(long address, long size) {
        return Long.compareUnsigned(address + size - 1, address) < 0;
    }

    /** Whether this is the region of these addresses and size. */
    public boolean is(long otherGuestAddress, long otherUserAddress, long otherSize) {
        return guestAddress == otherGuestAddress && userAddress == otherUserAddress && size == otherSize;
    }

    boolean overlaps(MemoryRegion other) {
        return guestOffset(other.guestAddress) >= 0 || other.guestOffset(guestAddress) >= 0;
    }

    /** How far into the region a guest address is, in bytes; negative if it is not in it. */
    long guestOffset(long address) {
        return offset(address - guestAddress);
    }

    /** How far into the region a user address is, in bytes; negative if it is not in it. */
    long userOffset(long address) {
        return offset(address - userAddress);
    }

    /** Addresses are unsigned: one below the region's start differs from it by a negative number, or by a huge one. */
    private long offset(long difference) {
        return difference < size ? difference : -1;
    }

    /** Bytes from an offset to the region's end. */
    long after(long offset) {
        return size - offset;
    }

    ByteBuffer window(long offset) {
        return windows[(int) (offset >>> WINDOW_BITS)];
    }

    int windowOffset(long offset) {
        return (int) offset & MAX_PIECE - 1;
    }

    /** Gives the memory back. Buffers over it stay safe to use, and reach nobody. */
    @Override
    public void close() {
        mapping.close();
    }

    @Override
    public String toString() {
        return String.format("0x%x bytes at guest address 0x%x, user address 0x%x", size, guestAddress, userAddress);
    }
}
