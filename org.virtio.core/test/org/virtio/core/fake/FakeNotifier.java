// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.fake;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.virtio.transport.QueueNotifier;

/** Notifications without a device. */
public final class FakeNotifier implements QueueNotifier {
    /** What the device was notified with. */
    public final List<Integer> notifications = new CopyOnWriteArrayList<>();

    private final Semaphore arrived = new Semaphore(0);

    @Override
    public void notifyDevice(int data) {
        notifications.add(data);
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
