// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import java.util.function.Consumer;
import org.virtio.core.memory.AddressMap;
import org.virtio.memory.DmaBuffer;
import org.virtio.transport.QueueNotifier;

/**
 * Where a queue of a suspended device goes on: the device knows the memory and works on it from now on.
 *
 * @param memory    for the ring, zeroed; or null if the device goes on in the ring as it is
 * @param notifier  of the transport that the device is reached by now
 * @param addresses by which the device knows memory
 * @param entered   told, by the queue's owner, when the ring is in that memory and the memory that it had before is free
 */
public record RingSession(DmaBuffer memory, QueueNotifier notifier, AddressMap addresses, Consumer<RingSession> entered) {
    /** For a device that cannot be reached at present. */
    static final RingSession NONE = new RingSession(null, null, null, session -> { });
}
