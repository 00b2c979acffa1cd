// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.virtio.core.queue.Ring;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueDTO;

/** The queues of one start of a device, their memory and their owners. Immutable but for the owners. */
final class DeviceQueues {
    /** The queues of a device that is not started. */
    static final DeviceQueues NONE = new DeviceQueues(List.of(), 0);

    static {
        NONE.ownership.close();
    }

    private final List<Slot> slots;
    private final int fixed;
    private final QueueOwnership ownership;

    /** A queue and the memory of its ring. */
    record Slot(Ring ring, DmaBuffer memory) {
    }

    /**
     * Collects queues that were set up.
     *
     * @param fixed how many, from index 0, have a fixed meaning
     */
    DeviceQueues(List<Slot> slots, int fixed) {
        this.slots = List.copyOf(slots);
        this.fixed = fixed;
        this.ownership = new QueueOwnership(slots.stream().map(Slot::ring).toList());
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

    /** Whether a queue is broken: the device may then use memory of requests that the queue has no record of any more. */
    boolean isAnyBroken() {
        return slots.stream().anyMatch(slot -> slot.ring().isBroken());
    }

    void breakAll(String reason) {
        slots.forEach(slot -> slot.ring().breakQueue(reason));
    }

    /**
     * Breaks the queues and waits for their owners.
     *
     * @return the queues whose owners did not let go in time
     */
    List<Ring> retire(String reason, Duration limit) {
        ownership.close();
        breakAll(reason);
        Patience.await(() -> owned().isEmpty(), limit);
        return owned();
    }

    private List<Ring> owned() {
        return slots.stream().map(Slot::ring).filter(ring -> !QueueOwnership.isAbandoned(ring)).toList();
    }

    /** Frees the rings that nobody uses. The device must have been reset. */
    void free() {
        for (Slot slot : slots) {
            if (QueueOwnership.isAbandoned(slot.ring())) {
                slot.memory().close();
            }
        }
    }

    List<QueueDTO> dump() {
        List<QueueDTO> queues = new ArrayList<>();
        slots.forEach(slot -> queues.add(slot.ring().dump()));
        return queues;
    }
}
