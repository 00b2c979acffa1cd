// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import java.util.List;
import org.virtio.core.queue.SplitVirtqueue;
import org.virtio.device.VirtioException;
import org.virtio.memory.DmaAllocator;
import org.virtio.memory.DmaBuffer;
import org.virtio.memory.DmaExhaustedException;
import org.virtio.spec.SplitRingLayout;
import org.virtio.transport.Transport;

/** Makes virtqueues and tells the device of them (VIRTIO 1.3, section 3.1.1, step 7). */
final class QueueBuilder {
    private final Transport transport;
    private final DmaAllocator memory;
    private final int maxSize;

    /** Queues will have {@code maxSize} descriptors, or fewer where the device cannot do so many. */
    QueueBuilder(Transport transport, DmaAllocator memory, int maxSize) {
        this.transport = transport;
        this.memory = memory;
        this.maxSize = maxSize;
    }

    /**
     * Sets one queue up. It is in the list before the device is told of it, so that whatever fails after that the ring's
     * memory is known, and freed when the device has been reset.
     */
    void build(int index, boolean eventIdx, List<DeviceQueues.Slot> slots) throws VirtioException {
        int size = size(index);
        DmaBuffer bytes = allocate(index, size);
        SplitVirtqueue ring = new SplitVirtqueue(index, size, eventIdx, bytes);
        slots.add(new DeviceQueues.Slot(ring, bytes));
        ring.notifier(transport.setUpQueue(ring.setup()));
    }

    private int size(int index) throws VirtioException {
        int offered = transport.queueSize(index);
        try {
            return Math.min(SplitRingLayout.checkSize(offered), maxSize);
        } catch (IllegalArgumentException e) {
            throw new VirtioException("queue " + index + " of the device: " + e.getMessage(), e);
        }
    }

    private DmaBuffer allocate(int index, int size) throws VirtioException {
        try {
            return memory.allocate(SplitVirtqueue.bytes(size));
        } catch (DmaExhaustedException e) {
            throw new VirtioException("no memory for queue " + index + " of size " + size + ": " + e.getMessage(), e);
        }
    }
}
