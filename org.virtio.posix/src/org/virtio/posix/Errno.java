// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import java.util.Objects;

/**
 * Error numbers of the C library: errno(3). The values that callers tell apart are here; names and messages are known for
 * all. Immutable and thread-safe.
 */
public final class Errno {
    /** Operation not permitted. */
    public static final int EPERM = value(jnr.constants.platform.Errno.EPERM);
    /** No such file or directory. */
    public static final int ENOENT = value(jnr.constants.platform.Errno.ENOENT);
    /** Interrupted by a signal. */
    public static final int EINTR = value(jnr.constants.platform.Errno.EINTR);
    /** No such device or address. */
    public static final int ENXIO = value(jnr.constants.platform.Errno.ENXIO);
    /** Input or output error. */
    public static final int EIO = value(jnr.constants.platform.Errno.EIO);
    /** Not an open descriptor. */
    public static final int EBADF = value(jnr.constants.platform.Errno.EBADF);
    /** Try again: the call would block. */
    public static final int EAGAIN = value(jnr.constants.platform.Errno.EAGAIN);
    /** Out of memory. */
    public static final int ENOMEM = value(jnr.constants.platform.Errno.ENOMEM);
    /** Permission denied. */
    public static final int EACCES = value(jnr.constants.platform.Errno.EACCES);
    /** The device or resource is busy. */
    public static final int EBUSY = value(jnr.constants.platform.Errno.EBUSY);
    /** No such device, or none any more. */
    public static final int ENODEV = value(jnr.constants.platform.Errno.ENODEV);
    /** Invalid argument. */
    public static final int EINVAL = value(jnr.constants.platform.Errno.EINVAL);
    /** The process has no descriptor free. */
    public static final int EMFILE = value(jnr.constants.platform.Errno.EMFILE);
    /** Inappropriate ioctl for the device. */
    public static final int ENOTTY = value(jnr.constants.platform.Errno.ENOTTY);
    /** The reader is gone. */
    public static final int EPIPE = value(jnr.constants.platform.Errno.EPIPE);
    /** Name too long. */
    public static final int ENAMETOOLONG = value(jnr.constants.platform.Errno.ENAMETOOLONG);
    /** Message too long. */
    public static final int EMSGSIZE = value(jnr.constants.platform.Errno.EMSGSIZE);
    /** No buffer space: what did not fit is lost. */
    public static final int ENOBUFS = value(jnr.constants.platform.Errno.ENOBUFS);
    /** Address in use. */
    public static final int EADDRINUSE = value(jnr.constants.platform.Errno.EADDRINUSE);
    /** The peer reset the connection. */
    public static final int ECONNRESET = value(jnr.constants.platform.Errno.ECONNRESET);
    /** Nobody listens. */
    public static final int ECONNREFUSED = value(jnr.constants.platform.Errno.ECONNREFUSED);

    private Errno() {
    }

    /**
     * The symbolic name of an error number, such as {@code ENOENT}; {@code E<number>} when there is none.
     *
     * @param errno an error number
     * @return never null
     */
    public static String name(int errno) {
        jnr.constants.platform.Errno known = lookup(errno);
        return known == null ? "E" + errno : known.name();
    }

    /**
     * The message of an error number, such as {@code No such file or directory}, in English.
     *
     * @param errno an error number
     * @return never null
     */
    public static String message(int errno) {
        jnr.constants.platform.Errno known = lookup(errno);
        return known == null ? "unknown error" : Objects.toString(known.description(), known.name());
    }

    private static jnr.constants.platform.Errno lookup(int errno) {
        jnr.constants.platform.Errno found = jnr.constants.platform.Errno.valueOf(errno);
        return found == jnr.constants.platform.Errno.__UNKNOWN_CONSTANT__ ? null : found;
    }

    private static int value(jnr.constants.platform.Errno errno) {
        return LibC.privileged(errno::intValue);
    }
}
