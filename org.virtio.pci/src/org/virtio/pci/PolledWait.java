// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * Naps where no interrupt comes: each wait ends after a while, so that whoever waits looks for used buffers. Each nap is longer
 * than the one before, until the device is notified: whether anything was found is not told here. Nor need a device that is busy
 * be notified of more, so that the longest nap is one that such a queue can bear. Where nothing is in flight it sleeps until it
 * is woken.
 */
final class PolledWait implements UsedWait {
    private static final long FIRST_NAP_NANOS = TimeUnit.MICROSECONDS.toNanos(20);
    private static final long LONGEST_NAP_NANOS = TimeUnit.MICROSECONDS.toNanos(250);

    private volatile Thread waiter;
    private final AtomicBoolean woken = new AtomicBoolean();
    private volatile boolean closed;
    private volatile long nap = FIRST_NAP_NANOS;

    @Override
    public void workGiven() {
        nap = FIRST_NAP_NANOS;
    }

    @Override
    public boolean await(long timeoutNanos) {
        long step = Math.min(timeoutNanos, nap);
        nap = Math.min(2 * nap, LONGEST_NAP_NANOS);
        sleep(step);
        // Whether anything was used only the ring tells.
        return !closed;
    }

    @Override
    public boolean awaitWakeup(long timeoutNanos) {
        return sleep(timeoutNanos);
    }

    /** Returns whether it was woken. The waker stores that it did, then looks for the waiter; here it is the other way round. */
    private boolean sleep(long nanos) {
        long end = System.nanoTime() + nanos;
        waiter = Thread.currentThread();
        boolean interrupted = false;
        long rest = nanos;
        while (!woken.get() && !closed && rest > 0) {
            LockSupport.parkNanos(this, rest);
            // A thread that is interrupted does not park: left as it is, this would spin.
            interrupted |= Thread.interrupted();
            rest = end - System.nanoTime();
        }
        waiter = null;
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return woken.getAndSet(false);
    }

    @Override
    public void wakeup() {
        woken.set(true);
        LockSupport.unpark(waiter);
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(waiter);
    }
}
