// SPDX-License-Identifier: Apache-2.0
package org.virtio.device;

import java.util.List;
import org.osgi.annotation.versioning.ProviderType;
import org.virtio.memory.DmaAllocator;
import org.virtio.queue.QueueDTO;
import org.virtio.queue.UsedBufferHandler;
import org.virtio.queue.Virtqueue;
import org.virtio.spec.DeviceType;

/**
 * An open virtio device: a service that the registry registers for each device that is attached and whose transport is
 * there, with the properties of {@link DeviceProperties}.
 *
 * <p>A driver takes it through {@link #negotiate} and {@link #start} (the specification's sequence, VIRTIO 1.3, section
 * 3.1.1), acquires queues, and lets go of it with {@link #stop}; then it, or another driver, may start again. The device
 * itself is closed by the registry alone. All methods are thread-safe.
 */
@ProviderType
public interface VirtioDevice {
    /** The name it was attached under, unique in the registry. */
    String name();

    /** What it was attached by. */
    DeviceAddress address();

    /** The device type. */
    DeviceType type();

    /** The state. */
    DeviceState state();

    /** Why the device failed or is suspended, or null. */
    String failure();

    /** The features that the device offers. */
    FeatureSet deviceFeatures();

    /** The features in force; empty before {@link #negotiate}. */
    FeatureSet negotiatedFeatures();

    /**
     * Resets the device and takes it through ACKNOWLEDGE, DRIVER and FEATURES_OK, reading each bit back.
     * VERSION_1 is always asked for; ring features that the core does not implement are masked.
     *
     * @param driverFeatures what the driver understands; the features in force are those that the device offers too
     * @throws VirtioException       if the device does not do VERSION_1, does not take the features or a status bit, or
     *     does not finish the reset in time; FAILED is set then
     * @throws IllegalStateException if a driver has it (no {@link #stop} since the last negotiate), or it is closed
     */
    void negotiate(FeatureSet driverFeatures) throws VirtioException;

    /**
     * Says that the driver cannot drive the device after all: sets FAILED, and {@link #failure()} tells the reason until a
     * start goes well. The driver still has the device and lets go of it with {@link #stop}. Does nothing if no driver has it.
     *
     * @param reason what the driver found wrong
     */
    void giveUp(String reason);

    /** The configuration space; meaningful after {@link #negotiate}. */
    ConfigSpace config();

    /** Queues that the device has, as far as the transport can tell; 0 if the device has none. */
    int maxQueues();

    /**
     * Sets up queues and sets DRIVER_OK.
     *
     * @param queues      how many the driver would like; with fewer on the device, as many as there are
     * @param fixedQueues how many of these, from index 0, have a fixed meaning; fewer than that is an error
     * @return how many were set up
     * @throws VirtioException          if the device has fewer than {@code fixedQueues}, offers a queue size that its ring format
     *     cannot have, or refuses a step; FAILED is set then
     * @throws IllegalArgumentException if {@code fixedQueues} is not from 0 to {@code queues}
     * @throws IllegalStateException    if not negotiated, or started already
     */
    int start(int queues, int fixedQueues) throws VirtioException;

    /** Queues of the started device; 0 otherwise. */
    int queueCount();

    /** Queues from index 0 with a fixed meaning, as given to {@link #start}. */
    int fixedQueueCount();

    /**
     * Breaks the queues, waits for their owners to release them, resets the device and frees the rings. Does nothing if the
     * device was not negotiated. Queues that the caller itself owns are released for it. Where an owner or the device does
     * not let go in time the rings are left allocated and the log says so; they are never freed under a device that may
     * write to them.
     */
    void stop();

    /** Memory to share with the device; usable from the first moment until the device is closed. */
    DmaAllocator memory();

    /**
     * Makes the calling thread the owner of a queue. A queue whose owner has ended without releasing it can be had too: what
     * that owner had in flight is then the caller's to poll, and what it had under construction is aborted.
     *
     * @throws IndexOutOfBoundsException if the index is not from 0 to {@link #queueCount()} - 1
     * @throws IllegalStateException     if the queue has an owner (who is named), or the device is not started
     */
    Virtqueue acquireQueue(int index);

    /**
     * Makes the calling thread the owner of the first queue without one, or whose owner has ended.
     *
     * @param fromIndex the first index to consider
     * @return the queue, or null if all from that index have owners
     * @throws IllegalStateException if the device is not started
     */
    Virtqueue acquireFreeQueue(int fromIndex);

    /**
     * Gives a queue back. Requests in flight stay in flight for the next owner to poll.
     *
     * @throws IllegalStateException if the caller is not the owner
     */
    void releaseQueue(Virtqueue queue);

    /**
     * Resets one queue while the others work on (section 2.6.1), and sets it up again, empty. Called by its owner.
     *
     * <p>Requests that the device had used are handed to {@code used}, like from {@link Virtqueue#poll}; then those that it
     * had not, the oldest first, to {@code unused}: the device should not touch their buffers any more, though it may have
     * done a part of what they ask for. (Back ends built on libvhost-user, such as qemu-storage-daemon, do finish what they
     * had; over vhost-user they are given some time for that.) A queue that the device broke is believed nothing more, and
     * all of its requests are unused. Neither handler may begin requests: the queue is broken until this returns. A
     * queue that was broken before works again.
     *
     * <p>The handlers run while the device can be neither started nor stopped: they must not wait for a thread that does that.
     *
     * @throws VirtioException       if RING_RESET was not negotiated, and nothing has changed; or if the device or its
     *     transport did not take part, and the queue is broken, with all its requests handed back or still to be had from
     *     {@link Virtqueue#detach}
     * @throws IllegalStateException if the caller is not the queue's owner, or the device is not started
     */
    void resetQueue(Virtqueue queue, UsedBufferHandler used, UsedBufferHandler unused) throws VirtioException;

    /**
     * The same, with another number of descriptors. If the new ring cannot be had, the old one is set up again, empty.
     *
     * @throws VirtioException          also if there is no memory for the ring, and nothing has changed; or if the device did
     *     not take the new ring, and the old one works on
     * @throws IllegalArgumentException if the queue's format or the device cannot have that size
     */
    void resizeQueue(Virtqueue queue, int size, UsedBufferHandler used, UsedBufferHandler unused) throws VirtioException;

    /** Breaks all queues: {@link Virtqueue#breakQueue}. Any thread. */
    void breakQueues(String reason);

    /**
     * Makes queues work again that {@link #breakQueues} broke: {@link Virtqueue#unbreak}.
     *
     * @return false if some stay broken
     */
    boolean unbreakQueues();

    /** The owner of a queue, or null. */
    Thread queueOwner(int index);

    /** Whether a queue has an owner. */
    default boolean isQueueAcquired(int index) {
        return queueOwner(index) != null;
    }

    /** Adds a listener; adding it again does nothing. */
    void addListener(DeviceListener listener);

    /** Removes a listener. */
    void removeListener(DeviceListener listener);

    /** A snapshot of all that is known of the device; asks it for its status. */
    DeviceDTO dump();

    /** A snapshot of the queues of a started device, the lowest index first; asks the device nothing. */
    default List<QueueDTO> dumpQueues() {
        return dump().queues;
    }
}
