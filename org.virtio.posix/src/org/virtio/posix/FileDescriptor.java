// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.virtio.posix.LibC.libc;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * An open file descriptor and its one owner: whoever holds this object closes it. Thread-safe.
 *
 * <p>The kernel hands a closed number to the next file that anyone in the process opens, so a call that is late by an
 * instant would write into a stranger's file. The classes of this package therefore hold a descriptor while they call:
 * {@link #close()} refuses new calls at once, and the last call that is still inside does the close(2).
 */
public final class FileDescriptor implements AutoCloseable {
    static final int NONE = -1;

    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int CLOSED = Integer.MIN_VALUE;

    private final int number;
    /** Number of calls that use the descriptor now; the sign bit says closed. */
    private final AtomicInteger state = new AtomicInteger();

    private FileDescriptor(int number) {
        this.number = number;
    }

    /**
     * Takes ownership of a descriptor that is open and that nobody else will close.
     *
     * @param fd the descriptor's number, zero or more
     * @return its owner
     * @throws IllegalArgumentException if the number is negative
     */
    public static FileDescriptor adopt(int fd) {
        if (fd < 0) {
            throw new IllegalArgumentException("no descriptor: " + fd);
        }
        OpenResources.FILE_DESCRIPTORS.incrementAndGet();
        return new FileDescriptor(fd);
    }

    /**
     * Opens a file that is there, with close-on-exec set: open(2). Reading does not wait, where the file could make it do so
     * (O_NONBLOCK).
     *
     * @param path the file's name
     * @param writable whether to open it for reading and writing, rather than for reading alone
     * @return its descriptor, which the caller owns
     * @throws PosixException ENOENT if there is no such file, EACCES or EPERM if this process may not, else what open(2) says
     */
    public static FileDescriptor open(String path, boolean writable) throws PosixException {
        int flags = LibC.O_CLOEXEC | LibC.O_NONBLOCK | (writable ? LibC.O_RDWR : 0);
        return adopt(LibC.check(libc().open(path, flags), "open", path));
    }

    /**
     * A second descriptor of a file that someone else owns, with close-on-exec set: fcntl(2), F_DUPFD_CLOEXEC.
     *
     * @param fd the other descriptor's number, which its owner keeps open during the call
     * @return the duplicate, which the caller owns
     * @throws PosixException EBADF if the number is not open; EMFILE if the process may open no more
     */
    public static FileDescriptor duplicate(int fd) throws PosixException {
        return adopt(LibC.check(libc().fcntl(fd, F_DUPFD_CLOEXEC, 0), "fcntl", "F_DUPFD_CLOEXEC"));
    }

    /**
     * The descriptor's number, for a call outside this package. It is good until {@link #close()}, which the caller orders
     * after its use.
     *
     * @return zero or more
     * @throws IllegalStateException if closed
     */
    public int intValue() {
        if (!isOpen()) {
            throw new IllegalStateException(this + " is closed");
        }
        return number;
    }

    /**
     * Whether {@link #close()} was not called yet.
     *
     * @return true while open
     */
    public boolean isOpen() {
        return state.get() >= 0;
    }

    /**
     * A second descriptor of the same open file, with close-on-exec set: fcntl(2), F_DUPFD_CLOEXEC.
     *
     * @return the duplicate, which the caller owns
     * @throws PosixException if the process may open no more (EMFILE)
     * @throws IllegalStateException if closed
     */
    public FileDescriptor duplicate() throws PosixException {
        int fd = use();
        try {
            return duplicate(fd);
        } finally {
            release();
        }
    }

    /** Closes the descriptor: close(2), once, however many threads call this. Does nothing when closed; throws nothing. */
    @Override
    public void close() {
        int before = state.getAndUpdate(users -> users | CLOSED);
        if (before == 0) {
            closeNow();
        }
    }

    /**
     * Keeps the number from being closed, and so from being reused, until {@link #release()}.
     *
     * @return the number, or {@link #NONE} when closed: then there is nothing to release
     */
    int acquire() {
        int users = state.get();
        while (users >= 0) {
            if (state.compareAndSet(users, users + 1)) {
                return number;
            }
            users = state.get();
        }
        return NONE;
    }

    /** Like {@link #acquire()}, for callers to whom a closed descriptor is a mistake. */
    int use() {
        int fd = acquire();
        if (fd == NONE) {
            throw new IllegalStateException(this + " is closed");
        }
        return fd;
    }

    void release() {
        if (state.decrementAndGet() == CLOSED) {
            closeNow();
        }
    }

    /** Linux frees the number even when close(2) reports an error, so there is nothing to retry. */
    private void closeNow() {
        libc().close(number);
        OpenResources.FILE_DESCRIPTORS.decrementAndGet();
    }

    @Override
    public String toString() {
        return "fd " + number;
    }
}
