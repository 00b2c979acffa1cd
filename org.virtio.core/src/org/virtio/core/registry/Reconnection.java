// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.registry;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * The thread of one suspended device: tries to go on, at first soon and then ever more seldom, until its grace time ends. Each
 * has its own, since an attempt may take as long as a transport's time limits, and another device need not wait for that.
 */
final class Reconnection extends Thread {
    private static final long FIRST_PAUSE_NANOS = Duration.ofMillis(10).toNanos();
    private static final long LAST_PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

    private final long end;
    private final BooleanSupplier attempt;
    private final Runnable expire;
    private final Runnable last;
    private boolean ended;
    private boolean hurried;

    /**
     * For a device.
     *
     * @param attempt returns true if there is nothing left to be done
     * @param expire  called if the grace time ends before that
     * @param last    called at the end, in any case
     */
    Reconnection(String device, Duration grace, BooleanSupplier attempt, Runnable expire, Runnable last) {
        super("virtio-registry " + device);
        this.end = System.nanoTime() + grace.toNanos();
        this.attempt = attempt;
        this.expire = expire;
        this.last = last;
        setDaemon(true);
        setContextClassLoader(Reconnection.class.getClassLoader());
    }

    /** Tries at once: what the device needs may have come. */
    synchronized void hurry() {
        hurried = true;
        notifyAll();
    }

    /** Tries no more. Does not wait for an attempt that is under way. */
    synchronized void end() {
        ended = true;
        notifyAll();
    }

    @Override
    public void run() {
        try {
            long pause = FIRST_PAUSE_NANOS;
            while (!attempt.getAsBoolean()) {
                if (isLate()) {
                    expire.run();
                    return;
                }
                if (rest(pause)) {
                    return;
                }
                pause = Math.min(2 * pause, LAST_PAUSE_NANOS);
            }
        } finally {
            last.run();
        }
    }

    private boolean isLate() {
        return end - System.nanoTime() <= 0;
    }

    /** Returns whether it is to try no more. */
    private synchronized boolean rest(long nanos) {
        long until = System.nanoTime() + Math.min(nanos, end - System.nanoTime());
        try {
            for (long left = nanos; left > 0 && !ended && !hurried; left = until - System.nanoTime()) {
                wait(left / 1_000_000, (int) (left % 1_000_000));
            }
        } catch (InterruptedException e) {
            return true;
        }
        hurried = false;
        return ended;
    }
}
