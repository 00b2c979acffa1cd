// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.virtio.core.queue.Ring;
import org.virtio.queue.QueueDTO;
import org.virtio.queue.Virtqueue;
import org.virtio.transport.OwnedVirtqueue;

/** The queues of one start of a device, their memory and their owners. Immutable but for the owners. */
final class DeviceQueues {
    /** The queues of a device that is not started. */
    static final DeviceQueues NONE = new DeviceQueues(List.of(), 0);

    static {
        NONE.ownership.close();
    }

    private final List<QueueSlot> slots;
    private final int fixed;
    private final QueueOwnership ownership;

    /**
     * Collects queues that were set up.
     *
     * @param fixed how many, from index 0, have a fixed meaning
     */
    DeviceQueues(List<QueueSlot> slots, int fixed) {
        this.slots = List.copyOf(slots);
        this.fixed = fixed;
        this.ownership = new QueueOwnership(slots.stream().map(QueueSlot::queue).toList());
    }

    QueueOwnership ownership() {
        return ownership;
    }

    /** Queues that can be acquired; 0 from the moment in which the device is stopped. */
    int count() {
        return ownership.isOpen() ? slots.size() : 0;
    }

    int fixed() {
        return ownership.isOpen() ? fixed : 0;
    }

    /**
     * Whether a queue is broken: the device may then use memory of requests that the queue has no record of any more. A queue
     * that is being reset has a record of all.
     */
    boolean isAnyBroken() {
        return slots.stream().map(QueueSlot::queue)
            .anyMatch(queue -> queue.isBroken() && !(queue instanceof Ring ring && ring.isResetting()));
    }

    /** Whether its queues can do without their device for a while: a queue that a transport supplies goes with it. */
    boolean canBeSuspended() {
        return slots.stream().allMatch(slot -> slot.queue() instanceof Ring);
    }

    /** Returns whether all rings are those that the device knew. */
    boolean suspend() {
        boolean known = true;
        for (QueueSlot slot : slots) {
            known &= slot.suspend();
        }
        return known;
    }

    List<QueueSlot> slots() {
        return slots;
    }

    void breakAll(String reason) {
        slots.forEach(slot -> slot.queue().breakForGood(reason));
    }

    /** What a driver asked for: it can be undone. */
    void breakQueues(String reason) {
        slots.forEach(slot -> slot.queue().breakQueue(reason));
    }

    /** Returns false if some stay broken. */
    boolean unbreakQueues() {
        boolean all = true;
        for (QueueSlot slot : slots) {
            all &= slot.queue().unbreak();
        }
        return all;
    }

    /**
     * Finds a queue that the calling thread owns.
     *
     * @throws IllegalStateException if it is not of this start of the device, or not the caller's
     */
    QueueSlot ownSlot(Virtqueue queue) {
        ownership.checkOpen();
        QueueSlot slot = slots.stream().filter(candidate -> candidate.queue() == queue).findFirst().orElseThrow(() ->
            new IllegalStateException("queue " + queue.index() + " is not of this start of the device"));
        QueueOwnership.checkOwner(slot.queue());
        return slot;
    }

    /**
     * Breaks the queues and waits for their owners.
     *
     * @return the queues whose owners did not let go in time
     */
    List<OwnedVirtqueue> retire(String reason, Duration limit) {
        ownership.close();
        breakAll(reason);
        Patience.await(() -> owned().isEmpty(), limit);
        return owned();
    }

    private List<OwnedVirtqueue> owned() {
        return slots.stream().map(QueueSlot::queue).filter(queue -> !QueueOwnership.isAbandoned(queue)).toList();
    }

    /** Frees the rings that nobody uses. The device must have been reset. */
    void free() {
        for (QueueSlot slot : slots) {
            if (QueueOwnership.isAbandoned(slot.queue())) {
                slot.free();
            }
        }
    }

    List<QueueDTO> dump() {
        List<QueueDTO> queues = new ArrayList<>();
        slots.forEach(slot -> queues.add(slot.queue().dump()));
        return queues;
    }
}
