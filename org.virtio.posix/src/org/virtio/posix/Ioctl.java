// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.virtio.posix.LibC.libc;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/** Requests to a device file: ioctl(2). Thread-safe. */
public final class Ioctl {
    /** Where the _IOC macros keep the argument's size; requests made with _IO, such as VFIO's, say 0. */
    private static final int SIZE_SHIFT = 16;
    private static final int SIZE_MASK = 0x3fff;

    private Ioctl() {
    }

    /**
     * A request whose argument is a structure.
     *
     * @param fd the device
     * @param request the request's code
     * @param directArgument a direct buffer with the structure at its position; neither position nor limit is changed
     * @return what the request returns, zero or more
     * @throws PosixException what the device says
     * @throws IllegalArgumentException if the buffer is not direct, or has less left than the request's code says
     * @throws IllegalStateException if the descriptor is closed
     */
    public static int ioctl(FileDescriptor fd, long request, ByteBuffer directArgument) throws PosixException {
        long size = request >> SIZE_SHIFT & SIZE_MASK;
        if (!directArgument.isDirect() || directArgument.remaining() < size) {
            throw new IllegalArgumentException("needs a direct buffer with " + size + " bytes: " + directArgument);
        }
        try {
            return ioctl(fd, request, LibC.address(directArgument) + directArgument.position());
        } finally {
            Reference.reachabilityFence(directArgument);
        }
    }

    /**
     * A request whose argument is a number, or that has none.
     *
     * @param fd the device
     * @param request the request's code
     * @param argument the number
     * @return what the request returns, zero or more
     * @throws PosixException what the device says
     * @throws IllegalStateException if the descriptor is closed
     */
    public static int ioctl(FileDescriptor fd, long request, long argument) throws PosixException {
        int number = fd.use();
        try {
            return LibC.check(libc().ioctl(number, request, argument), "ioctl", "0x" + Long.toHexString(request) + " on " + fd);
        } finally {
            fd.release();
        }
    }
}
