// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import java.util.List;
import org.virtio.core.memory.RegionAllocator;
import org.virtio.core.queue.Ring;
import org.virtio.core.queue.RingFormat;
import org.virtio.device.VirtioException;
import org.virtio.memory.DmaBuffer;
import org.virtio.memory.DmaExhaustedException;
import org.virtio.queue.UsedBufferHandler;
import org.virtio.transport.OwnedVirtqueue;
import org.virtio.transport.Transport;

/** Makes virtqueues and tells the device of them (VIRTIO 1.3, section 3.1.1, step 7), also one anew (section 2.6.1). */
final class QueueBuilder {
    private final Transport transport;
    private final RegionAllocator memory;
    private final RingFormat format;

    /** Rings will have this format. */
    QueueBuilder(Transport transport, RegionAllocator memory, RingFormat format) {
        this.transport = transport;
        this.memory = memory;
        this.format = format;
    }

    /**
     * Sets one queue up. It is in the list before the device is told of it, so that whatever fails after that the ring's
     * memory is known, and freed when the device has been reset.
     *
     * @param maxSize the queue will have so many descriptors, or fewer where the device cannot do so many
     */
    void build(int index, int maxSize, List<QueueSlot> slots) throws VirtioException {
        int offered = transport.queueSize(index);
        if (offered < 1) {
            throw new VirtioException("queue " + index + " of the device: queue size " + offered + " is below 1");
        }
        int size = Math.min(offered, maxSize);
        OwnedVirtqueue supplied = transport.supplyQueue(index, size);
        if (supplied != null) {
            slots.add(new QueueSlot(supplied, null));
            return;
        }
        checkSize(index, offered);
        checkSize(index, size);
        DmaBuffer bytes = allocate(index, size);
        Ring ring = format.create(index, size, bytes, memory.addresses());
        slots.add(new QueueSlot(ring, bytes));
        ring.notifier(transport.setUpQueue(ring.setup()));
    }

    /**
     * Tells a device that comes back of a ring for the same queue.
     *
     * @param asItIs whether that is the one that it had, or an empty one
     * @throws VirtioException also if the device cannot have the queue's size any more
     */
    RingOffer offer(QueueSlot slot, boolean asItIs) throws VirtioException {
        int index = slot.queue().index();
        int size = slot.queue().size();
        checkOffered(index, size);
        if (asItIs) {
            return new RingOffer(slot, null, transport.setUpQueue(format.setup(index, size, slot.memory().deviceAddress())));
        }
        DmaBuffer bytes = allocate(index, size);
        try {
            return new RingOffer(slot, bytes, transport.setUpQueue(format.setup(index, size, bytes.deviceAddress())));
        } catch (VirtioException | RuntimeException e) {
            bytes.close();
            throw e;
        }
    }

    private void checkOffered(int index, int size) throws VirtioException {
        int offered = transport.queueSize(index);
        if (offered < size) {
            throw new VirtioException("queue " + index + " has " + size + " descriptors, and the device can have no more than "
                + offered + " now");
        }
    }

    private void checkSize(int index, int size) throws VirtioException {
        try {
            format.checkSize(size);
        } catch (IllegalArgumentException e) {
            throw new VirtioException("queue " + index + " of the device: " + e.getMessage(), e);
        }
    }

    private DmaBuffer allocate(int index, int size) throws VirtioException {
        try {
            return memory.allocate(format.bytes(size));
        } catch (DmaExhaustedException e) {
            throw new VirtioException("no memory for queue " + index + " of size " + size + ": " + e.getMessage(), e);
        }
    }

    /**
     * Resets a queue, hands its requests back, and sets it up again: {@code VirtioDevice.resizeQueue}.
     *
     * @throws IllegalArgumentException if the format or the device cannot have that size
     */
    void rebuild(QueueSlot slot, int size, UsedBufferHandler used, UsedBufferHandler unused) throws VirtioException {
        if (!(slot.queue() instanceof Ring ring)) {
            throw new VirtioException("queue " + slot.queue().index() + " is the transport's own, and no ring to be reset");
        }
        if (ring.isSuspended()) {
            // Its requests are the device's again as soon as its owner polls.
            ring.poll(used, Integer.MAX_VALUE);
        }
        checkResize(ring, size);
        // Also for the same size: see QueueSlot.
        DmaBuffer newMemory = allocate(ring.index(), size);
        boolean done = false;
        boolean trusted = ring.beginReset();
        try {
            int requests = empty(ring, trusted, used, unused);
            setUpAgain(slot, ring, size, newMemory);
            slot.replace(newMemory, requests > 0);
            ring.wakeup();
            done = true;
        } catch (VirtioException | RuntimeException e) {
            ring.failReset("queue " + ring.index() + " was not reset: " + e.getMessage());
            throw e;
        } finally {
            if (!done) {
                ring.failReset("queue " + ring.index() + " was not reset");
                // If the device knows of it, the allocator keeps it until the device is reset: the queue is broken.
                newMemory.close();
            }
        }
    }

    /**
     * From the reset on the queue's requests are the driver's again.
     *
     * @return how many the device had not used
     */
    private int empty(Ring ring, boolean trusted, UsedBufferHandler used, UsedBufferHandler unused) throws VirtioException {
        transport.resetQueue(ring.index());
        if (trusted) {
            ring.takeUsed(used);
        }
        int requests = ring.giveBack(unused);
        if (ring.owner() != Thread.currentThread()) {
            throw new IllegalStateException("the device was stopped while its queue's requests were handed back");
        }
        return requests;
    }

    private void checkResize(Ring ring, int size) throws VirtioException {
        format.checkSize(size);
        int offered = transport.queueSize(ring.index());
        if (size > offered && size != ring.size()) {
            throw new IllegalArgumentException("queue size " + size + " is above the " + offered + " that the device can have");
        }
    }

    private void setUpAgain(QueueSlot slot, Ring ring, int size, DmaBuffer newMemory) throws VirtioException {
        int oldSize = ring.size();
        try {
            setUp(ring, size, newMemory);
        } catch (VirtioException e) {
            fallBack(slot, ring, oldSize, e);
            throw new VirtioException("queue " + ring.index() + " keeps its " + oldSize + " descriptors: " + e.getMessage(), e);
        }
    }

    /** The device may have learned of the new ring, so the queue is reset once more. */
    private void fallBack(QueueSlot slot, Ring ring, int oldSize, VirtioException reason) throws VirtioException {
        try {
            // At once, since its owner may touch a ring that stays broken, and the new one will not be its own.
            ring.lay(oldSize, slot.memory(), memory.addresses());
            transport.resetQueue(ring.index());
            setUp(ring, oldSize, slot.memory());
        } catch (VirtioException e) {
            throw new VirtioException(reason.getMessage() + "; then: " + e.getMessage(), e);
        }
    }

    private void setUp(Ring ring, int size, DmaBuffer bytes) throws VirtioException {
        ring.lay(size, bytes, memory.addresses());
        ring.notifier(transport.setUpQueue(ring.setup()));
        ring.endReset();
    }
}
