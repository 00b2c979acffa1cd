// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import org.virtio.core.memory.AddressMap;
import org.virtio.memory.DmaBuffer;
import org.virtio.transport.QueueNotifier;

/** Memory that a device which came back takes for the ring of a queue, whose owner goes on there once all is well. */
record RingOffer(QueueSlot slot, DmaBuffer memory, QueueNotifier notifier) {
    void make(AddressMap addresses) {
        slot.resume(memory, notifier, addresses);
    }
}
