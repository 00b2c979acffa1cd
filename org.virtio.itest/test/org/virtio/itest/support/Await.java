// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.support;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/** Waits for something that another thread or process brings about. */
public final class Await {
    /** Far longer than anything that is waited for takes; in seconds, the system property {@code virtio.test.limit}. */
    public static final Duration LIMIT = Duration.ofSeconds(Integer.getInteger("virtio.test.limit", 30));

    private static final long PAUSE_NANOS = 500_000;

    private Await() {
    }

    /** Waits until a condition holds; after {@link #LIMIT} fails with its name. */
    public static void until(String what, Callable<Boolean> condition) {
        value(what, () -> condition.call() ? Boolean.TRUE : null);
    }

    /** Waits until there is a value that is not null; after {@link #LIMIT} fails with its name. */
    public static <T> T value(String what, Callable<T> source) {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (true) {
            T value = call(what, source);
            if (value != null) {
                return value;
            }
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("not within " + LIMIT.toSeconds() + " s: " + what);
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    private static <T> T call(String what, Callable<T> source) {
        try {
            return source.call();
        } catch (Exception e) {
            throw Failures.in("while waiting for this: " + what, e);
        }
    }
}
