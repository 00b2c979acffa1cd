// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.virtio.posix.LibC.libc;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The path of a Unix socket as the kernel wants it: struct sockaddr_un, unix(7). */
final class SocketAddress {
    static final int AF_UNIX = 1;

    private static final int PATH = 2;
    private static final int PATH_SIZE = 108;

    private final ByteBuffer bytes;

    /** The last byte of sun_path is left zero, since not every program can do without the terminator. */
    SocketAddress(String call, String path) throws PosixException {
        byte[] encoded = path.getBytes(StandardCharsets.UTF_8);
        if (encoded.length >= PATH_SIZE) {
            String detail = path + ", " + encoded.length + " bytes where a socket's path has at most " + (PATH_SIZE - 1);
            throw new PosixException(call, detail, Errno.ENAMETOOLONG);
        }
        if (encoded.length == 0 || path.indexOf('\0') >= 0) {
            throw new PosixException(call, "'" + path.replace('\0', '@') + "' is no path", Errno.EINVAL);
        }
        bytes = LibC.allocate(PATH + PATH_SIZE).putShort(0, (short) AF_UNIX).put(PATH, encoded);
    }

    /** Returns 0, or -1 with errno set. */
    int connect(int fd) {
        int result = libc().connect(fd, LibC.address(bytes), bytes.capacity());
        Reference.reachabilityFence(bytes);
        return result;
    }

    /** Returns 0, or -1 with errno set. */
    int bind(int fd) {
        int result = libc().bind(fd, LibC.address(bytes), bytes.capacity());
        Reference.reachabilityFence(bytes);
        return result;
    }
}
