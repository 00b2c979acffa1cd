// SPDX-License-Identifier: Apache-2.0
package org.virtio.transport;

/** Notifications of one queue, in both directions (VIRTIO 1.3, section 2.3). Allocates nothing. */
public interface QueueNotifier {
    /**
     * Sends the device an available buffer notification. Any thread. After the transport was closed, does nothing.
     *
     * @param data as in section 2.9: the queue's index in bits 0 to 15; then, for a device with NOTIFICATION_DATA, where the
     *     next available buffer goes: bits 16 to 30 the offset and bit 31 the wrap counter of a packed ring, bits 16 to 31
     *     the available index of a split one
     */
    void notifyDevice(int data);

    /**
     * Waits for a used buffer notification or a {@link #wakeup}; takes all that have arrived. One thread at a time.
     * May return early; after the transport was closed, returns at once.
     *
     * @param timeoutNanos at least 0; 0 only looks
     * @return true if something had arrived
     */
    boolean await(long timeoutNanos);

    /**
     * Waits as {@link #await} does, where nothing is in flight and so nothing but a {@link #wakeup} can come. For transports
     * that have to look for used buffers themselves, so that an idle queue costs nothing.
     */
    default boolean awaitWakeup(long timeoutNanos) {
        return await(timeoutNanos);
    }

    /** Ends the current or the next {@link #await}. Any thread. After the transport was closed, does nothing. */
    void wakeup();
}
