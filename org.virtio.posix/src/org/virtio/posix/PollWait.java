// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.virtio.posix.LibC.libc;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;

/**
 * Waits until one descriptor is ready: poll(2). Any number of threads may wait at once: they share the structure, of which
 * only the field that nobody reads ever changes.
 */
final class PollWait {
    static final short IN = 1;
    static final short OUT = 4;

    private static final int EVENTS = 4;
    private static final int SIZE = 8;

    private final ByteBuffer pollfd = LibC.allocate(SIZE);
    private final long address = LibC.address(pollfd);

    PollWait(int fd, short events) {
        pollfd.putInt(0, fd).putShort(EVENTS, events);
    }

    /**
     * Waits. The caller holds the descriptor.
     *
     * @param timeoutNanos negative: without limit
     * @return false if the time is over
     */
    boolean await(long timeoutNanos) throws PosixException {
        long start = System.nanoTime();
        long remaining = timeoutNanos;
        try {
            while (true) {
                int ready = libc().poll(address, 1, millis(remaining));
                if (ready >= 0) {
                    return ready > 0;
                }
                int errno = LibC.errno();
                if (errno != Errno.EINTR) {
                    throw new PosixException("poll", errno);
                }
                remaining = remaining(timeoutNanos, start);
            }
        } finally {
            Reference.reachabilityFence(pollfd);
        }
    }

    /** What is left of a time that began at a System.nanoTime(); a negative one has no end. */
    static long remaining(long timeoutNanos, long start) {
        return timeoutNanos < 0 ? -1 : Math.max(0, timeoutNanos - (System.nanoTime() - start));
    }

    /** Rounds up, since a wait that ends early would be taken for a timeout. */
    static int millis(long nanos) {
        if (nanos < 0) {
            return -1;
        }
        long millis = TimeUnit.NANOSECONDS.toMillis(nanos);
        long roundedUp = TimeUnit.MILLISECONDS.toNanos(millis) < nanos ? millis + 1 : millis;
        return (int) Math.min(Integer.MAX_VALUE, roundedUp);
    }
}
