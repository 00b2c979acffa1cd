// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.virtio.posix.LibC.libc;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * Part of a file mapped into this process, shared with everyone who maps it: mmap(2), MAP_SHARED. Thread-safe; what the
 * memory holds is for its users to order.
 *
 * <p>A ByteBuffer over mapped memory outlives any discipline: an application may keep one and use it after the mapping is
 * closed. If the addresses were unmapped by then the JVM would die of SIGSEGV, and if something else were mapped there,
 * it would be overwritten. So {@link #close()} gives back the shared memory, not the addresses: in one step it puts
 * private zero pages in its place. A stale buffer then reads zeros and writes to nobody. The addresses are unmapped when
 * the garbage collector finds that no buffer over them is left; slices and duplicates of a buffer count, because the JDK
 * has each of them refer to the buffer that it came from.
 */
public final class Mapping implements AutoCloseable {
    private static final int PROT_READ = 1;
    private static final int PROT_WRITE = 2;
    private static final int MAP_SHARED = 1;

    private final AddressRange range;
    private final long size;
    private final boolean writable;
    /** Over the whole mapping, so that its many views share one entry at the cleaner; null when too large for one. */
    private ByteBuffer whole;
    private boolean closed;

    private Mapping(AddressRange range, long size, boolean writable) {
        this.range = range;
        this.size = size;
        this.writable = writable;
        this.whole = size <= Integer.MAX_VALUE ? range.newBuffer(0, (int) size) : null;
        OpenResources.MAPPINGS.incrementAndGet();
    }

    /**
     * Maps part of a file. A regular file must reach as far as the mapping does, since touching what lies beyond its end is
     * a SIGBUS; whether it can be cut later is for the caller to check with {@link SharedMemory#seals(FileDescriptor)}.
     *
     * @param fd the file; it may be closed afterwards
     * @param offset bytes from its start, a multiple of the page size
     * @param size bytes, more than zero
     * @param writable whether the memory can be written; if not, its buffers are read-only
     * @return the mapping, which the caller owns
     * @throws PosixException ENXIO if the file is shorter, else what mmap(2) says
     * @throws IllegalArgumentException if offset is negative or size not positive
     * @throws IllegalStateException if the descriptor is closed
     */
    public static Mapping map(FileDescriptor fd, long offset, long size, boolean writable) throws PosixException {
        if (offset < 0 || size <= 0) {
            throw new IllegalArgumentException("offset " + offset + ", size " + size);
        }
        int number = fd.use();
        try {
            String detail = size + " bytes at " + offset + " of " + fd;
            FileStatus file = FileStatus.of(number);
            if (file.isRegular() && size > file.size() - offset) {
                throw new PosixException("mmap", detail + ", which has " + file.size(), Errno.ENXIO);
            }
            long reserved = Posix.roundUp(size, FileStatus.mappingUnit(number));
            int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
            long address = libc().mmap(null, size, protection, MAP_SHARED, number, offset);
            if (address == AddressRange.MAP_FAILED) {
                throw LibC.failure("mmap", detail);
            }
            return new Mapping(new AddressRange(address, reserved), size, writable);
        } finally {
            fd.release();
        }
    }

    /**
     * Where the memory starts in this process.
     *
     * @return the address
     * @throws IllegalStateException if closed
     */
    public synchronized long address() {
        checkOpen();
        return range.address();
    }

    /**
     * Size of the mapping.
     *
     * @return bytes
     */
    public long size() {
        return size;
    }

    /**
     * A new little-endian view of the whole mapping, position 0; read-only if the mapping is.
     *
     * @return the view
     * @throws IllegalStateException if closed, or larger than a buffer can be (2 GiB - 1): use {@link #buffer(long, int)}
     */
    public synchronized ByteBuffer buffer() {
        checkOpen();
        if (whole == null) {
            throw new IllegalStateException(size + " bytes are too many for one buffer");
        }
        return view(whole.duplicate());
    }

    /**
     * A new little-endian view of part of the mapping, position 0; read-only if the mapping is.
     *
     * @param offset bytes from the mapping's start
     * @param length bytes
     * @return the view
     * @throws IndexOutOfBoundsException if the part is not within the mapping
     * @throws IllegalStateException if closed
     */
    public synchronized ByteBuffer buffer(long offset, int length) {
        checkOpen();
        Objects.checkFromIndexSize(offset, length, size);
        return view(whole == null ? range.newBuffer(offset, length) : whole.slice((int) offset, length));
    }

    /**
     * Gives the shared memory back. Buffers over it stay safe to use: they read zeros, and what is written to them is lost.
     * Does nothing when closed. Should the kernel refuse the replacement, the memory stays mapped and stays counted in
     * {@link OpenResources#mappings()}: a leak is better than a JVM that dies.
     */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        whole = null;
        if (range.replaceWithZeros()) {
            range.release();
            OpenResources.MAPPINGS.decrementAndGet();
        }
    }

    private ByteBuffer view(ByteBuffer buffer) {
        return (writable ? buffer : buffer.asReadOnlyBuffer()).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException(this + " is closed");
        }
    }

    @Override
    public String toString() {
        return "mapping of " + size + " bytes";
    }
}
