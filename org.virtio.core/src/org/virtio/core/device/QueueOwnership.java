// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import java.util.List;
import java.util.Objects;
import org.virtio.queue.Virtqueue;
import org.virtio.transport.OwnedVirtqueue;

/** Which thread owns which queue of a device that has been started once. Thread-safe. */
final class QueueOwnership {
    private final List<OwnedVirtqueue> queues;
    private boolean closed;

    QueueOwnership(List<OwnedVirtqueue> queues) {
        this.queues = queues;
    }

    synchronized OwnedVirtqueue acquire(int index) {
        checkOpen();
        OwnedVirtqueue queue = queues.get(Objects.checkIndex(index, queues.size()));
        Thread owner = queue.owner();
        if (!isAbandoned(queue)) {
            throw new IllegalStateException("queue " + index + " is owned by " + owner.getName());
        }
        take(queue);
        return queue;
    }

    /** What an owner that ended had under construction is half a request. */
    private static void take(OwnedVirtqueue queue) {
        boolean leftBehind = queue.owner() != null;
        queue.owner(Thread.currentThread());
        if (leftBehind) {
            queue.abort();
        }
    }

    /** The first queue from {@code fromIndex} without an owner that lives, or null. */
    synchronized OwnedVirtqueue acquireFree(int fromIndex) {
        checkOpen();
        for (int i = Math.max(0, fromIndex); i < queues.size(); i++) {
            OwnedVirtqueue queue = queues.get(i);
            if (isAbandoned(queue)) {
                take(queue);
                return queue;
            }
        }
        return null;
    }

    /** Gives a queue back; also one of an earlier start, whose owner took longer to let go than the device had time. */
    static void release(Virtqueue queue) {
        if (!(queue instanceof OwnedVirtqueue owned)) {
            throw new IllegalStateException("queue " + queue.index() + " is not of this device");
        }
        checkOwner(owned);
        owned.owner(null);
    }

    /** Throws IllegalStateException unless the calling thread owns the queue. */
    static void checkOwner(OwnedVirtqueue queue) {
        Thread owner = queue.owner();
        if (owner != Thread.currentThread()) {
            throw new IllegalStateException("queue " + queue.index() + " is owned by "
                + (owner == null ? "nobody" : owner.getName()) + ", not by " + Thread.currentThread().getName());
        }
    }

    synchronized Thread owner(int index) {
        return queues.get(Objects.checkIndex(index, queues.size())).owner();
    }

    synchronized boolean isOpen() {
        return !closed;
    }

    /** From now on no queue gets an owner. Those that the calling thread owns are released: it cannot wait for itself. */
    synchronized void close() {
        closed = true;
        for (OwnedVirtqueue queue : queues) {
            if (queue.owner() == Thread.currentThread()) {
                queue.owner(null);
            }
        }
    }

    /** Whether nobody can use the queue any more: it has no owner, or one that has ended without releasing it. */
    static boolean isAbandoned(OwnedVirtqueue queue) {
        Thread owner = queue.owner();
        return owner == null || !owner.isAlive();
    }

    synchronized void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the device is not started");
        }
    }
}
