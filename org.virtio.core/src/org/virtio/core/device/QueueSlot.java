// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import java.util.ArrayList;
import java.util.List;
import org.virtio.memory.DmaBuffer;
import org.virtio.transport.OwnedVirtqueue;

/** A queue of a started device, and the memory of its ring. Changed by one thread at a time. */
final class QueueSlot {
    private final OwnedVirtqueue queue;
    private final List<DmaBuffer> retained = new ArrayList<>();
    private volatile DmaBuffer memory;

    /** With a null memory for a queue that is no ring. */
    QueueSlot(OwnedVirtqueue queue, DmaBuffer memory) {
        this.queue = queue;
        this.memory = memory;
    }

    OwnedVirtqueue queue() {
        return queue;
    }

    DmaBuffer memory() {
        return memory;
    }

    /**
     * Replaces the ring.
     *
     * @param retain whether to keep the old one until the device is reset. There are back ends that let go of a queue at once
     *     and still use the requests that they had: what they write then must not be found in a new ring.
     */
    void replace(DmaBuffer newMemory, boolean retain) {
        DmaBuffer old = memory;
        memory = newMemory;
        if (retain) {
            retained.add(old);
        } else {
            old.close();
        }
    }

    /** Frees all rings that it had: the device has been reset. */
    void free() {
        retained.forEach(DmaBuffer::close);
        retained.clear();
        if (memory != null) {
            memory.close();
        }
    }
}
