// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.fake;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for what other threads do. */
public final class Await {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private Await() {
    }

    /** Returns when the condition holds. */
    public static void until(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("not within " + LIMIT + ": " + what);
            }
            LockSupport.parkNanos(50_000);
        }
    }

    /** Returns when the thread waits for something. */
    public static void untilBlocked(Thread thread) {
        until(thread + " blocks", () -> switch (thread.getState()) {
            case BLOCKED, WAITING, TIMED_WAITING -> true;
            default -> false;
        });
    }
}
