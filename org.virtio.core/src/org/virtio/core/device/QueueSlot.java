// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import org.virtio.memory.DmaBuffer;
import org.virtio.transport.OwnedVirtqueue;

/** A queue of a started device, and the memory of its ring. Changed by one thread at a time. */
final class QueueSlot {
    private final OwnedVirtqueue queue;
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

    /** Replaces the memory, and frees the old, which the device must not know any more. */
    void memory(DmaBuffer newMemory) {
        DmaBuffer old = memory;
        memory = newMemory;
        if (old != newMemory) {
            old.close();
        }
    }

    /** Frees memory that was meant for this queue, unless it is the one that it has. */
    void release(DmaBuffer other) {
        if (other != memory) {
            other.close();
        }
    }

    /** Frees the ring. */
    void free() {
        if (memory != null) {
            memory.close();
        }
    }
}
