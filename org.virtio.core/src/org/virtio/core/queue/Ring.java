// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import java.util.concurrent.atomic.AtomicReference;
import org.virtio.queue.QueueDTO;
import org.virtio.queue.Virtqueue;
import org.virtio.transport.QueueNotifier;
import org.virtio.transport.QueueSetup;

/**
 * What virtqueues of every format have in common: an owner, a way to break, notifications, counters.
 * Counters belong to the owner thread and are plain, so that counting costs no shared write; others may read them late.
 */
public abstract class Ring implements Virtqueue {
    private final int index;
    private final int size;
    private final AtomicReference<String> broken = new AtomicReference<>();
    private QueueNotifier notifier;
    private volatile Thread owner;

    private long wakeups;

    Ring(int index, int size) {
        this.index = index;
        this.size = size;
    }

    @Override
    public final int index() {
        return index;
    }

    @Override
    public final int size() {
        return size;
    }

    /** The thread that owns the queue, or null. Any thread. */
    public final Thread owner() {
        return owner;
    }

    /** Hands the queue over: what the owner before did is visible to the new one. */
    public final void owner(Thread thread) {
        owner = thread;
    }

    /** What the transport needs in order to set the queue up. */
    public abstract QueueSetup setup();

    /** Connects the queue to its notifications; once, before it has an owner. */
    public final void notifier(QueueNotifier queueNotifier) {
        notifier = queueNotifier;
    }

    @Override
    public final boolean isBroken() {
        return broken.get() != null;
    }

    @Override
    public final String brokenReason() {
        return broken.get();
    }

    @Override
    public final void breakQueue(String reason) {
        if (broken.compareAndSet(null, reason)) {
            wakeup();
        }
    }

    @Override
    public final boolean await(long timeoutNanos) {
        assert isOwner();
        if (isBroken()) {
            return true;
        }
        boolean arrived = notifier.await(timeoutNanos);
        if (arrived) {
            wakeups++;
        }
        return arrived;
    }

    @Override
    public final void wakeup() {
        if (notifier != null) {
            notifier.wakeup();
        }
    }

    final void notifyDevice() {
        notifier.notifyDevice();
    }

    final boolean isOwner() {
        return owner == Thread.currentThread();
    }

    @Override
    public final QueueDTO dump() {
        QueueDTO dto = new QueueDTO();
        Thread thread = owner;
        dto.index = index;
        dto.size = size;
        dto.owner = thread == null ? null : thread.getName();
        dto.brokenReason = brokenReason();
        dto.wakeups = wakeups;
        dump(dto);
        return dto;
    }

    /** Adds what the format knows. */
    abstract void dump(QueueDTO dto);
}
