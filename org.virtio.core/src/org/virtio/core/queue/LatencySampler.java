// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import java.util.function.LongSupplier;
import org.virtio.queue.QueueDTO;

/**
 * Measures how long requests take, from when they are entered in the ring until they are handed back: one of so many, since two
 * looks at the clock cost as much as the rest of the ring. Of how many, it finds out without a clock: by how often the owner
 * polls meanwhile, which takes some nanoseconds at least. That changes slowly and with chance in it, so that neither a place in a
 * batch nor a stall has more samples than it has requests.
 *
 * <p>The owner's, and plain: see {@link Ring}.
 */
final class LatencySampler {
    /** For each request that is timed: two looks at the clock, some 60 ns, against polls that take some 5 us or more. */
    private static final int POLLS = 1024;
    /** By so many timed requests one can tell how many there should be. */
    private static final int WINDOW = 16;
    /** Beyond that there is nothing to be saved. */
    private static final int MOST = 1024;
    /** There are far fewer requests than there were: one has not to wait for a window of them. */
    private static final int SILENCE = 64 * WINDOW * POLLS;
    /** The same for an owner that sleeps, since it polls too little for that. */
    private static final int MOST_ASLEEP = 64;

    /** Nanoseconds; replaced by tests. */
    LongSupplier clock = System::nanoTime;

    private final LatencyHistogram histogram = new LatencyHistogram();
    /** One of so many requests is timed, on average, and so many more are entered until the next. */
    private int every = 1;
    private int left = 1;
    private int random = 1;
    /** In this window. */
    private int timed;
    private int polls;

    /** A request is entered: returns the time, or 0 if it is not to be timed. */
    long entered() {
        return --left > 0 ? 0 : time();
    }

    private long time() {
        if (++timed == WINDOW) {
            adapt();
        }
        random = random * 1664525 + 1013904223;
        left = 1 + (int) ((random & 0xffff_ffffL) * (2 * every - 1) >>> 32);
        long now = clock.getAsLong();
        return now == 0 ? 1 : now;
    }

    /** Step by step: neither a stall nor a batch, which is entered without polls in between, tells how it goes on. */
    private void adapt() {
        long wanted = (long) every * WINDOW * POLLS / Math.max(1, polls);
        long likely = Math.max(every / 4, Math.min(wanted, 4L * every));
        every = (int) Math.max(1, Math.min(likely, MOST));
        left = Math.min(left, every);
        timed = 0;
        polls = 0;
    }

    /** A request is handed back, of which {@link #entered} returned this. */
    void used(long since) {
        if (since != 0) {
            histogram.add(clock.getAsLong() - since);
        }
    }

    /** The owner polls. */
    void polled() {
        if (++polls >= SILENCE) {
            adapt();
        }
    }

    /** The owner slept, which takes it microseconds even if it is woken at once. */
    void slept() {
        polls = Math.min(polls + POLLS, SILENCE);
        left = Math.min(left, MOST_ASLEEP);
    }

    /** Fills in what a snapshot tells of latency. Any thread. */
    void dump(QueueDTO dto) {
        histogram.dump(dto);
    }
}
