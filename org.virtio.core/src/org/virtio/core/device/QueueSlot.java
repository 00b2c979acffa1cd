// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import java.util.ArrayList;
import java.util.List;
import org.virtio.core.memory.AddressMap;
import org.virtio.core.queue.Ring;
import org.virtio.core.queue.RingSession;
import org.virtio.memory.DmaBuffer;
import org.virtio.transport.OwnedVirtqueue;
import org.virtio.transport.QueueNotifier;

/** A queue of a started device, and the memory of its ring. Thread-safe. */
final class QueueSlot {
    private final OwnedVirtqueue queue;
    private final List<DmaBuffer> retained = new ArrayList<>();
    /** For the ring, once its owner takes it there. */
    private final List<DmaBuffer> offered = new ArrayList<>();
    private DmaBuffer memory;

    /** With a null memory for a queue that is no ring. */
    QueueSlot(OwnedVirtqueue queue, DmaBuffer memory) {
        this.queue = queue;
        this.memory = memory;
    }

    OwnedVirtqueue queue() {
        return queue;
    }

    synchronized DmaBuffer memory() {
        return memory;
    }

    /**
     * Replaces the ring.
     *
     * @param retain whether to keep the old one until the device is reset. There are back ends that let go of a queue at once
     *     and still use the requests that they had: what they write then must not be found in a new ring.
     */
    synchronized void replace(DmaBuffer newMemory, boolean retain) {
        DmaBuffer old = memory;
        memory = newMemory;
        if (retain) {
            retained.add(old);
        } else {
            old.close();
        }
    }

    /** Offers the ring to go on there, or where it is if the memory is null. */
    synchronized void resume(DmaBuffer newMemory, QueueNotifier notifier, AddressMap addresses) {
        if (newMemory != null) {
            offered.add(newMemory);
        }
        ((Ring) queue).resume(new RingSession(newMemory, notifier, addresses, this::entered));
    }

    private synchronized void entered(RingSession session) {
        if (session.memory() == null) {
            return;
        }
        offered.remove(session.memory());
        memory.close();
        memory = session.memory();
    }

    /**
     * The device has gone: what the ring was offered and has not taken is offered no more.
     *
     * @return whether the ring is the one that the device knew
     */
    synchronized boolean suspend() {
        RingSession untaken = ((Ring) queue).suspend();
        // Its owner may be about to enter what it has taken, too.
        boolean known = offered.isEmpty();
        if (untaken != null && untaken.memory() != null) {
            offered.remove(untaken.memory());
            untaken.memory().close();
        }
        return known;
    }

    /** Frees all rings that it had: the device has been reset. */
    synchronized void free() {
        retained.forEach(DmaBuffer::close);
        retained.clear();
        offered.forEach(DmaBuffer::close);
        offered.clear();
        if (memory != null) {
            memory.close();
        }
    }
}
