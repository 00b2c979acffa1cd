// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.virtio.posix.LibC.libc;

import java.nio.ByteBuffer;

/**
 * A counter in the kernel by which processes notify each other: eventfd(2). Thread-safe. {@link #signal()} and
 * {@link #drain()} are one system call each, allocate nothing and take no lock: they hold the descriptor by one
 * compare-and-set while they call, so that a concurrent {@link #close()} never lets them reach a recycled number.
 */
public final class EventFd implements AutoCloseable {
    private static final int EFD_CLOEXEC = 0x80000;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int SIZE = 8;

    /** What every signal writes. */
    private static final ByteBuffer ONE = LibC.allocate(SIZE).putLong(0, 1);
    private static final long ONE_ADDRESS = LibC.address(ONE);
    /** What every drain overwrites; nobody looks at the count, so all threads may share it. */
    private static final ByteBuffer COUNT = LibC.allocate(SIZE);
    private static final long COUNT_ADDRESS = LibC.address(COUNT);

    private final FileDescriptor fd;
    private final PollWait readable;

    private EventFd(FileDescriptor fd) {
        this.fd = fd;
        this.readable = new PollWait(fd.intValue(), PollWait.IN);
    }

    /**
     * Creates one that is not signalled: EFD_CLOEXEC, EFD_NONBLOCK.
     *
     * @return the eventfd, which the caller owns
     * @throws PosixException if the process may open no more (EMFILE)
     */
    public static EventFd create() throws PosixException {
        int fd = LibC.check(libc().eventfd(0, EFD_CLOEXEC | LibC.O_NONBLOCK), "eventfd", null);
        return new EventFd(FileDescriptor.adopt(fd));
    }

    /**
     * Takes over an eventfd that a peer sent, and makes it non-blocking, which the peer may have left out.
     *
     * @param fd the descriptor; this object closes it, unless this method throws
     * @return its new owner
     * @throws PosixException if its flags cannot be set
     * @throws IllegalStateException if the descriptor is closed
     */
    public static EventFd adopt(FileDescriptor fd) throws PosixException {
        int number = fd.use();
        try {
            int flags = LibC.check(libc().fcntl(number, F_GETFL, 0), "fcntl", "F_GETFL");
            LibC.check(libc().fcntl(number, F_SETFL, flags | LibC.O_NONBLOCK), "fcntl", "F_SETFL");
            return new EventFd(fd);
        } finally {
            fd.release();
        }
    }

    /** Adds one to the counter. A counter that is full is signalled already. Does nothing after {@link #close()}. */
    public void signal() {
        int number = fd.acquire();
        if (number != FileDescriptor.NONE) {
            while (libc().write(number, ONE_ADDRESS, SIZE) < 0 && LibC.errno() == Errno.EINTR) {
                Thread.onSpinWait();
            }
            fd.release();
        }
    }

    /**
     * Sets the counter to zero.
     *
     * @return whether it was more than zero; false after {@link #close()}
     */
    public boolean drain() {
        int number = fd.acquire();
        if (number == FileDescriptor.NONE) {
            return false;
        }
        long count = libc().read(number, COUNT_ADDRESS, SIZE);
        while (count < 0 && LibC.errno() == Errno.EINTR) {
            count = libc().read(number, COUNT_ADDRESS, SIZE);
        }
        fd.release();
        return count == SIZE;
    }

    /**
     * Waits for a signal and takes it: poll(2), then {@link #drain()}. {@link #close()} does not end the wait, a signal does;
     * neither does {@link Thread#interrupt()}.
     *
     * @param timeoutNanos how long to wait, rounded up to milliseconds; 0 does not wait, negative waits without limit
     * @return whether it was signalled; false if the time was over or another thread took the signal
     * @throws PosixException if poll(2) fails
     * @throws IllegalStateException if closed
     */
    public boolean await(long timeoutNanos) throws PosixException {
        fd.use();
        try {
            return readable.await(timeoutNanos) && drain();
        } finally {
            fd.release();
        }
    }

    /**
     * The descriptor, to send to a peer or to add to an {@link Epoll}; it stays this object's.
     *
     * @return the descriptor
     */
    public FileDescriptor fd() {
        return fd;
    }

    /** Closes the descriptor, once the calls that use it now are over. Does nothing when closed. */
    @Override
    public void close() {
        fd.close();
    }
}
