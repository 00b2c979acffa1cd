// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

/** What the driver's configuration says, as it stands now. Thread-safe. */
final class Settings {
    private static final int MAX_SPIN_MICROS = 1_000_000;
    private static final int MAX_DRAIN_MILLIS = 60_000;
    private static final int MAX_MAX_SUSPENDED = 100_000_000;

    private volatile long spinNanos;
    private volatile long drainNanos;
    private volatile int maxSuspended;

    /** @throws IllegalArgumentException naming what is out of range */
    Settings(int spinMicros, int drainMillis, int maxSuspended) {
        update(spinMicros, drainMillis, maxSuspended);
    }

    /** @throws IllegalArgumentException naming what is out of range */
    void update(int spinMicros, int drainMillis, int newMaxSuspended) {
        checkRange("spinMicros", spinMicros, MAX_SPIN_MICROS);
        checkRange("drainMillis", drainMillis, MAX_DRAIN_MILLIS);
        checkRange("maxSuspended", newMaxSuspended, MAX_MAX_SUSPENDED);
        spinNanos = spinMicros * 1_000L;
        drainNanos = drainMillis * 1_000_000L;
        maxSuspended = newMaxSuspended;
    }

    /** How long to look for a used buffer before sleeping. */
    long spinNanos() {
        return spinNanos;
    }

    /** How long to wait for requests in flight when a queue is given up. */
    long drainNanos() {
        return drainNanos;
    }

    /** How many submissions to take while a device is suspended. */
    int maxSuspended() {
        return maxSuspended;
    }

    private static void checkRange(String name, int value, int max) {
        if (value < 0 || value > max) {
            throw new IllegalArgumentException(name + " " + value + " is not from 0 to " + max);
        }
    }
}
