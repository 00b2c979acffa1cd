// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import java.util.List;
import java.util.Objects;
import org.virtio.core.queue.Ring;
import org.virtio.queue.Virtqueue;

/** Which thread owns which queue of a device that has been started once. Thread-safe. */
final class QueueOwnership {
    private final List<Ring> rings;
    private boolean closed;

    QueueOwnership(List<Ring> rings) {
        this.rings = rings;
    }

    synchronized Ring acquire(int index) {
        checkOpen();
        Ring ring = rings.get(Objects.checkIndex(index, rings.size()));
        Thread owner = ring.owner();
        if (owner != null) {
            throw new IllegalStateException("queue " + index + " is owned by " + owner.getName());
        }
        ring.owner(Thread.currentThread());
        return ring;
    }

    /** The first queue from {@code fromIndex} without an owner, or null. */
    synchronized Ring acquireFree(int fromIndex) {
        checkOpen();
        for (int i = Math.max(0, fromIndex); i < rings.size(); i++) {
            Ring ring = rings.get(i);
            if (ring.owner() == null) {
                ring.owner(Thread.currentThread());
                return ring;
            }
        }
        return null;
    }

    /** Gives a queue back; also one of an earlier start, whose owner took longer to let go than the device had time. */
    static void release(Virtqueue queue) {
        if (!(queue instanceof Ring ring)) {
            throw new IllegalStateException("queue " + queue.index() + " is not of this device");
        }
        Thread owner = ring.owner();
        if (owner != Thread.currentThread()) {
            throw new IllegalStateException("queue " + ring.index() + " is owned by "
                + (owner == null ? "nobody" : owner.getName()) + ", not by " + Thread.currentThread().getName());
        }
        ring.owner(null);
    }

    synchronized Thread owner(int index) {
        return rings.get(Objects.checkIndex(index, rings.size())).owner();
    }

    synchronized boolean isOpen() {
        return !closed;
    }

    /** From now on no queue gets an owner. Those that the calling thread owns are released: it cannot wait for itself. */
    synchronized void close() {
        closed = true;
        for (Ring ring : rings) {
            if (ring.owner() == Thread.currentThread()) {
                ring.owner(null);
            }
        }
    }

    /** Whether nobody can use the queue any more: it has no owner, or one that has ended without releasing it. */
    static boolean isAbandoned(Ring ring) {
        Thread owner = ring.owner();
        return owner == null || !owner.isAlive();
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the device is not started");
        }
    }
}
