// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import java.util.function.LongSupplier;
import org.virtio.queue.QueueDTO;

/**
 * Measures how long some requests take, from when they are entered in the ring until they are handed back. Of which requests,
 * the owner decides without a clock, which for each of them would cost half as much as the rest of the ring: it counts how often
 * it polled, since that takes some nanoseconds at least. When it has polled often enough all requests up to the next poll are
 * timed, and not the first alone: of a batch the first is the one that is done first.
 *
 * <p>The owner's, and plain: see {@link Ring}.
 */
final class LatencySampler {
    /** Polls for each request that was timed: two looks at the clock, some 60 ns, against 1024 polls, some 5 us or more. */
    private static final int POLLS = 1024;

    /** Nanoseconds; replaced by tests. */
    LongSupplier clock = System::nanoTime;

    private final LatencyHistogram histogram = new LatencyHistogram();
    private boolean timing = true;
    /** Requests that were timed since the owner began to time. */
    private int timed;
    private int pollsLeft;

    /** A request is entered: returns the time, or 0 if it is not to be timed. */
    long entered() {
        return timing ? time() : 0;
    }

    private long time() {
        timed++;
        long now = clock.getAsLong();
        return now == 0 ? 1 : now;
    }

    /** A request is handed back, of which {@link #entered} returned this. */
    void used(long since) {
        if (since != 0) {
            histogram.add(clock.getAsLong() - since);
        }
    }

    /** The owner polls. */
    void polled() {
        if (--pollsLeft < 0) {
            timing = timed == 0;
            pollsLeft = timed * POLLS;
            timed = 0;
        }
    }

    /** The owner slept, which takes it microseconds even if it is woken at once. */
    void slept() {
        pollsLeft = Math.max(0, pollsLeft - POLLS);
    }

    /** Fills in what a snapshot tells of latency. Any thread. */
    void dump(QueueDTO dto) {
        histogram.dump(dto);
    }
}
