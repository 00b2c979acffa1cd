// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.virtio.posix.LibC.libc;

import java.io.EOFException;
import java.io.IOException;

/**
 * Numbers in a file, little-endian and unsigned, each read or written by one system call of just its width: for files such
 * as those of sysfs and VFIO, behind which a device is, and to which the width matters. Thread-safe; allocates nothing and
 * takes no lock.
 */
public final class FileValues {
    private FileValues() {
    }

    /**
     * Reads a number: pread(2).
     *
     * @param fd the file
     * @param offset bytes from its start, zero or more
     * @param width of the number in bytes: 1, 2, 4 or 8
     * @return the number; one of 8 bytes that is too great for a long is negative
     * @throws PosixException what the kernel says; EBADF if the descriptor is closed
     * @throws EOFException if the file has not that many bytes there
     * @throws IOException never otherwise
     * @throws IllegalArgumentException if the width is none of these
     */
    public static long read(FileDescriptor fd, long offset, int width) throws IOException {
        int number = acquire(fd, width, "pread");
        int slot = ValueSlots.take();
        try {
            long count = libc().pread(number, ValueSlots.address(slot), width, offset);
            while (count < 0 && LibC.errno() == Errno.EINTR) {
                count = libc().pread(number, ValueSlots.address(slot), width, offset);
            }
            check(count, width, "pread", fd, offset);
            return ValueSlots.get(slot, width);
        } finally {
            ValueSlots.give(slot);
            fd.release();
        }
    }

    /**
     * Writes a number: pwrite(2).
     *
     * @param fd the file
     * @param offset bytes from its start, zero or more
     * @param width of the number in bytes: 1, 2, 4 or 8
     * @param value the number; what is too great for the width is cut off
     * @throws PosixException what the kernel says; EBADF if the descriptor is closed
     * @throws EOFException if the file has no room for that many bytes there
     * @throws IOException never otherwise
     * @throws IllegalArgumentException if the width is none of these
     */
    public static void write(FileDescriptor fd, long offset, int width, long value) throws IOException {
        int number = acquire(fd, width, "pwrite");
        int slot = ValueSlots.take();
        try {
            ValueSlots.put(slot, width, value);
            long count = libc().pwrite(number, ValueSlots.address(slot), width, offset);
            while (count < 0 && LibC.errno() == Errno.EINTR) {
                count = libc().pwrite(number, ValueSlots.address(slot), width, offset);
            }
            check(count, width, "pwrite", fd, offset);
        } finally {
            ValueSlots.give(slot);
            fd.release();
        }
    }

    /**
     * Reads the next number of a file that has no places, such as that of an UIO device: read(2).
     *
     * @param fd the file
     * @param width of the number in bytes: 1, 2, 4 or 8
     * @return the number, as of {@link #read}
     * @throws PosixException EAGAIN if there is none now and the descriptor does not wait, else what the kernel says; EBADF
     *     if the descriptor is closed
     * @throws EOFException if fewer bytes came
     * @throws IOException never otherwise
     * @throws IllegalArgumentException if the width is none of these
     */
    public static long next(FileDescriptor fd, int width) throws IOException {
        int number = acquire(fd, width, "read");
        int slot = ValueSlots.take();
        try {
            long count = libc().read(number, ValueSlots.address(slot), width);
            while (count < 0 && LibC.errno() == Errno.EINTR) {
                count = libc().read(number, ValueSlots.address(slot), width);
            }
            check(count, width, "read", fd, 0);
            return ValueSlots.get(slot, width);
        } finally {
            ValueSlots.give(slot);
            fd.release();
        }
    }

    private static int acquire(FileDescriptor fd, int width, String call) throws PosixException {
        if (Integer.bitCount(width) != 1 || width > Long.BYTES) {
            throw new IllegalArgumentException("a number of " + width + " bytes; expected 1, 2, 4 or 8");
        }
        int number = fd.acquire();
        if (number == FileDescriptor.NONE) {
            throw new PosixException(call, fd + ", which is closed", Errno.EBADF);
        }
        return number;
    }

    private static void check(long count, int width, String call, FileDescriptor fd, long offset) throws IOException {
        if (count < 0) {
            throw LibC.failure(call, width + " bytes at " + offset + " of " + fd);
        }
        if (count != width) {
            throw new EOFException(call + ": " + count + " of " + width + " bytes at " + offset + " of " + fd);
        }
    }
}
