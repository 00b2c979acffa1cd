// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

/** Waits for used buffer notifications of one queue: the waiting half of a {@link org.virtio.transport.QueueNotifier}. */
interface UsedWait extends AutoCloseable {
    /** As {@link org.virtio.transport.QueueNotifier#await}. */
    boolean await(long timeoutNanos);

    /** As {@link org.virtio.transport.QueueNotifier#awaitWakeup}. */
    boolean awaitWakeup(long timeoutNanos);

    /** The device has been notified: it may soon have used something. Any thread. */
    void workGiven();

    /** As {@link org.virtio.transport.QueueNotifier#wakeup}. */
    void wakeup();

    /** Ends the current wait and all later ones at once. Closing again does nothing. */
    @Override
    void close();
}
