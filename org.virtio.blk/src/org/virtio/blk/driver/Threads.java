// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import java.util.concurrent.TimeUnit;

/** Waiting for threads that were told to end. */
final class Threads {
    private Threads() {
    }

    /**
     * Waits for the end of a thread; returns whether it has ended, or is the calling one, which cannot wait for itself. An
     * interrupt does not end the wait, since what follows relies on the thread's end; the calling thread stays interrupted.
     */
    static boolean awaitEnd(Thread thread, long nanos) {
        boolean interrupted = false;
        long start = System.nanoTime();
        try {
            while (thread.isAlive() && thread != Thread.currentThread()) {
                long left = nanos - (System.nanoTime() - start);
                if (left <= 0) {
                    return false;
                }
                try {
                    TimeUnit.NANOSECONDS.timedJoin(thread, left);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            return true;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
