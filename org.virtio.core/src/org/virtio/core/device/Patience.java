// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Bounded waits for what nobody notifies of. */
final class Patience {
    private static final long FIRST_PAUSE = TimeUnit.MICROSECONDS.toNanos(20);
    private static final long LONGEST_PAUSE = TimeUnit.MILLISECONDS.toNanos(10);

    private Patience() {
    }

    /** Something that may come true, and may fail to tell. */
    @FunctionalInterface
    interface Condition<E extends Exception> {
        boolean holds() throws E;
    }

    /**
     * Waits for a condition, looking at least once. An interrupt does not end the wait: it is for the order of death,
     * where to leave early would be to free what is in use. It is kept for the caller.
     *
     * @return whether it came true in time
     */
    static <E extends Exception> boolean await(Condition<E> condition, Duration limit) throws E {
        long start = System.nanoTime();
        long pause = FIRST_PAUSE;
        boolean interrupted = false;
        try {
            while (!condition.holds()) {
                if (System.nanoTime() - start >= limit.toNanos()) {
                    return false;
                }
                LockSupport.parkNanos(pause);
                pause = Math.min(2 * pause, LONGEST_PAUSE);
                interrupted |= Thread.interrupted();
            }
            return true;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
