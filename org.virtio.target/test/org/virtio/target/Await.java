// SPDX-License-Identifier: Apache-2.0
package org.virtio.target;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for what another thread is about to do. */
final class Await {
    private static final long LIMIT = TimeUnit.SECONDS.toNanos(20);

    private Await() {
    }

    static void until(String what, BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > LIMIT) {
                throw new AssertionError("waited in vain: " + what);
            }
            LockSupport.parkNanos(20_000);
        }
    }
}
