// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.fake;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.virtio.transport.QueueNotifier;

/** Notifications without a device. */
public final class FakeNotifier implements QueueNotifier {
    private final Semaphore arrived = new Semaphore(0);

    @Override
    public void notifyDevice(int data) {
        // Nobody listens.
    }

    @Override
    public boolean await(long timeoutNanos) {
        try {
            boolean any = arrived.tryAcquire(timeoutNanos, TimeUnit.NANOSECONDS);
            arrived.drainPermits();
            return any;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Override
    public void wakeup() {
        arrived.release();
    }
}
