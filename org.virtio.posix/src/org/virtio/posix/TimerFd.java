// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.virtio.posix.LibC.libc;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;

/** A timer that an {@link Epoll} can wait for, by the monotonic clock: timerfd_create(2). Thread-safe. */
public final class TimerFd implements AutoCloseable {
    private static final int CLOCK_MONOTONIC = 1;
    private static final int TFD_CLOEXEC = 0x80000;
    private static final int SIZE = 8;

    /** struct itimerspec: two times of seconds and nanoseconds each, the period and the first expiration. */
    private static final int ITIMERSPEC_SIZE = 32;
    private static final int FIRST = 16;
    private static final int NANOS = 8;

    private final FileDescriptor fd;

    private TimerFd(FileDescriptor fd) {
        this.fd = fd;
    }

    /**
     * Creates one that expires again and again, first after one period.
     *
     * @param periodNanos at least 1
     * @return the timer, which the caller owns
     * @throws PosixException           if the process may open no more (EMFILE)
     * @throws IllegalArgumentException if the period is not positive
     */
    public static TimerFd periodic(long periodNanos) throws PosixException {
        if (periodNanos < 1) {
            throw new IllegalArgumentException("period " + periodNanos + " ns");
        }
        int number = LibC.check(libc().timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | LibC.O_NONBLOCK), "timerfd_create", null);
        TimerFd timer = new TimerFd(FileDescriptor.adopt(number));
        try {
            LibC.check(set(number, periodNanos), "timerfd_settime", periodNanos + " ns");
            return timer;
        } catch (PosixException e) {
            timer.close();
            throw e;
        }
    }

    private static int set(int number, long nanos) {
        long seconds = TimeUnit.NANOSECONDS.toSeconds(nanos);
        long rest = nanos - TimeUnit.SECONDS.toNanos(seconds);
        ByteBuffer times = LibC.allocate(ITIMERSPEC_SIZE).putLong(0, seconds).putLong(NANOS, rest)
            .putLong(FIRST, seconds).putLong(FIRST + NANOS, rest);
        int result = libc().timerfd_settime(number, 0, LibC.address(times), 0);
        Reference.reachabilityFence(times);
        return result;
    }

    /**
     * Takes the expirations that have been.
     *
     * @return how many, 0 or more; 0 after {@link #close()}
     */
    public long drain() {
        int number = fd.acquire();
        if (number == FileDescriptor.NONE) {
            return 0;
        }
        ByteBuffer count = LibC.allocate(SIZE);
        long read = libc().read(number, LibC.address(count), SIZE);
        fd.release();
        return read == SIZE ? count.getLong(0) : 0;
    }

    /**
     * The descriptor, to add to an {@link Epoll}: readable when the timer has expired. It stays this object's.
     *
     * @return the descriptor
     */
    public FileDescriptor fd() {
        return fd;
    }

    /** Closes the descriptor. Does nothing when closed. */
    @Override
    public void close() {
        fd.close();
    }
}
