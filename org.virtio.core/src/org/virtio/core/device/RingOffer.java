// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import org.virtio.core.memory.AddressMap;
import org.virtio.memory.DmaBuffer;
import org.virtio.transport.QueueNotifier;

/**
 * Where a device that came back works on a queue, whose owner goes on there once all is well.
 *
 * @param memory for the ring, or null if that stays where it is and as it is
 */
record RingOffer(QueueSlot slot, DmaBuffer memory, QueueNotifier notifier) {
    void make(AddressMap addresses) {
        slot.resume(memory, notifier, addresses);
    }

    /** Frees the memory: the device does not know it any more. */
    void withdraw() {
        if (memory != null) {
            memory.close();
        }
    }
}
