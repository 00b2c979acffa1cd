// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import java.io.IOException;

/** A call of the C library that failed: which one, on what, and why (errno(3)). Immutable. */
public class PosixException extends IOException {
    private static final long serialVersionUID = 1L;

    private final String call;
    private final int errno;

    /**
     * A failure of a call that has nothing worth naming as its object.
     *
     * @param call name of the function, such as {@code eventfd}
     * @param errno error number
     */
    public PosixException(String call, int errno) {
        this(call, null, errno);
    }

    /**
     * A failure of a call.
     *
     * @param call name of the function, such as {@code connect}
     * @param detail what it was called on, such as a path; may be null
     * @param errno error number
     */
    public PosixException(String call, String detail, int errno) {
        super(call + (detail == null ? "" : "(" + detail + ")") + ": " + Errno.name(errno) + " (" + Errno.message(errno) + ")");
        this.call = call;
        this.errno = errno;
    }

    /**
     * Name of the function that failed.
     *
     * @return such as {@code connect}
     */
    public String call() {
        return call;
    }

    /**
     * The error number, to be compared with the constants of {@link Errno}.
     *
     * @return errno(3)
     */
    public int errno() {
        return errno;
    }

    /**
     * The error's symbolic name.
     *
     * @return such as {@code ENOENT}
     */
    public String errnoName() {
        return Errno.name(errno);
    }
}
