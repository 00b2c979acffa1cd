// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.registry;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * The thread of one suspended device: tries to go on, at first soon and then ever more seldom, until it is ended. Each device has
 * its own, since an attempt may take as long as a transport's time limits, and another device need not wait for that.
 */
final class Reconnection extends Thread {
    private static final long FIRST_PAUSE_NANOS = Duration.ofMillis(10).toNanos();
    private static final long LAST_PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

    private final BooleanSupplier attempt;
    private final Consumer<Reconnection> last;
    private volatile Future<?> expiry;
    private boolean ended;
    private boolean hurried;

    /**
     * For a device.
     *
     * @param attempt returns true if there is nothing left to be done
     * @param last    called at the end, in any case
     */
    Reconnection(String device, BooleanSupplier attempt, Consumer<Reconnection> last) {
        super("virtio-registry " + device);
        this.attempt = attempt;
        this.last = last;
        setDaemon(true);
        setContextClassLoader(Reconnection.class.getClassLoader());
    }

    /** What is to come to nothing when this ends. */
    void expiry(Future<?> task) {
        expiry = task;
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
            while (!attempt.getAsBoolean() && !rest(pause)) {
                pause = Math.min(2 * pause, LAST_PAUSE_NANOS);
            }
        } finally {
            expiry.cancel(false);
            last.accept(this);
        }
    }

    /** Returns whether it is to try no more. */
    private synchronized boolean rest(long nanos) {
        long until = System.nanoTime() + nanos;
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
