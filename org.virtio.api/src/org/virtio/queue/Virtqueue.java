// SPDX-License-Identifier: Apache-2.0
package org.virtio.queue;

import org.osgi.annotation.versioning.ProviderType;
import org.virtio.memory.DmaBuffer;

/**
 * One virtqueue of a started device (VIRTIO 1.3, section 2.6), in whatever format was negotiated.
 *
 * <p>A request is built by {@link #begin}, then {@link #addReadable} for each device-readable buffer, then
 * {@link #addWritable} for each device-writable one. Beginning the next request closes the one before; {@link #flush} makes
 * all that were closed available, at once, and notifies the device if it wants that.
 *
 * <p>A queue has one owner thread ({@code VirtioDevice.acquireQueue}). All methods are for the owner alone, checked by
 * assertion, except where they say otherwise. None allocates or locks, except where it says so.
 *
 * <p>The device is not trusted: when it claims to have used what it was not given, or more of it than it was given, or
 * more than was available, the queue becomes <em>broken</em>: it hands out nothing more and {@link #detach} gives back
 * what was in flight.
 */
@ProviderType
public interface Virtqueue {
    /** The queue's index on its device, from 0. Any thread. */
    int index();

    /** The number of descriptors. Any thread. */
    int size();

    /** Descriptors that no request holds; a request under construction holds none yet. */
    int freeDescriptors();

    /** Requests that the device has or will have with the next flush, with one under construction. */
    int inFlight();

    /** The same without a context. */
    default int begin(Object token, int maxDescriptors) {
        return begin(token, 0, maxDescriptors);
    }

    /**
     * Starts a request, after closing the one before. A request to which nothing is added is forgotten.
     *
     * @param token          handed back with the used buffer; not null. The queue may refer to it for longer, until as many
     *     requests as it has descriptors have followed
     * @param context        handed back with the token
     * @param maxDescriptors an upper bound for the buffers that will be added, at least 1
     * @return {@link QueueResult#OK}; {@link QueueResult#FULL} if fewer descriptors are free, and no indirect table can take
     *     their place; {@link QueueResult#INVALID} if the queue has not that many; or {@link QueueResult#BROKEN}. After
     *     anything but OK no request is under construction; the one before has been closed all the same.
     */
    int begin(Object token, long context, int maxDescriptors);

    /**
     * Adds a device-readable buffer to the request under construction.
     *
     * @throws IndexOutOfBoundsException if the range does not lie within the buffer, or is empty
     * @throws IllegalStateException     if no request is under construction, its bound is reached, a device-writable
     *     buffer was added before, or its buffers would come to more than 4 GiB
     */
    void addReadable(DmaBuffer buffer, int offset, int length);

    /**
     * Adds a device-writable buffer to the request under construction.
     *
     * @throws IndexOutOfBoundsException if the range does not lie within the buffer, or is empty
     * @throws IllegalStateException     if no request is under construction, its bound is reached, the request's
     *     device-writable buffers would come to more than 2 GiB - 1 byte, or all of its buffers to more than 4 GiB
     */
    void addWritable(DmaBuffer buffer, int offset, int length);

    /**
     * Asks that the request under construction use an indirect table, so that it takes one descriptor of the queue only.
     * Without INDIRECT_DESC, or if it becomes longer than the tables are, it does not.
     *
     * @throws IllegalStateException if no request is under construction
     */
    void preferIndirect();

    /** Takes the request under construction back. Without one, does nothing. */
    void abort();

    /**
     * Makes all requests since the last time available with one store, then, after a full fence, looks whether the device
     * wants to be notified (sections 2.7.13, 2.8.21). If so, {@link #notifyDevice} must follow; other work may come between.
     *
     * @return true if the device is to be notified
     */
    boolean publish();

    /**
     * Sends an available buffer notification, wanted or not.
     *
     * @return false if the queue is broken
     */
    boolean notifyDevice();

    /**
     * {@link #publish}, and {@link #notifyDevice} if the device wants it.
     *
     * @return true if the device was notified
     */
    default boolean flush() {
        return publish() && notifyDevice();
    }

    /**
     * Hands used buffers to a handler, in the order in which the device used them.
     *
     * @param limit the most to hand over, at least 1
     * @return how many were handed over, or {@link QueueResult#BROKEN} if the queue is broken
     */
    int poll(UsedBufferHandler handler, int limit);

    /** Asks the device not to notify of used buffers: the state in which a queue starts. A hint, not a guarantee. */
    void disableNotifications();

    /**
     * Asks the device to notify of the next used buffer, then looks again.
     *
     * @return true if it is safe to wait; false if used buffers are there already, or the queue is broken, and
     *     notifications are off again
     */
    boolean enableNotifications();

    /**
     * The first half of {@link #enableNotifications}: asks the device to notify of the next used buffer.
     *
     * @return for {@link #isUsed}: where the next used buffer is expected
     */
    int prepareNotifications();

    /**
     * The second half of {@link #enableNotifications}: whether a buffer has been used since {@link #prepareNotifications}.
     * Leaves notifications as they are.
     *
     * @param position what {@code prepareNotifications} returned, with nothing polled in between
     * @return true if there is something to poll, or the queue was found to be broken
     */
    boolean isUsed(int position);

    /**
     * Asks the device to notify when about three quarters of what is pending have been used (of a packed ring: of the
     * descriptors), then looks again. With EVENT_IDX alone; without it the device will notify of the next used buffer.
     *
     * @return true if it is safe to wait; false if there is enough to poll already, which for a packed ring is anything, or
     *     the queue is broken, and notifications are off again
     */
    boolean enableNotificationsDelayed();

    /**
     * Waits for a notification, a {@link #wakeup} or the end of the time, whichever comes first. May return early.
     *
     * @param timeoutNanos at least 0; rounded up to milliseconds
     * @return true if something arrived
     */
    boolean await(long timeoutNanos);

    /** Ends the current or the next {@link #await} of the owner. Any thread. */
    void wakeup();

    /** Whether the queue has ceased to work. Any thread. */
    boolean isBroken();

    /** Why the queue is broken, or null. Any thread. */
    String brokenReason();

    /**
     * Breaks the queue: nothing more is accepted, nothing handed out by a poll that begins later, and the owner is woken. The
     * first reason stays. Any thread. Locks, as do {@link #unbreak} and {@link #dump}.
     */
    void breakQueue(String reason);

    /**
     * Makes a queue work again that {@link #breakQueue} broke. Any thread, but the owner must know.
     *
     * @return false if it stays broken: because of what the device did, because the device is gone, or because requests
     *     were given back; see {@code VirtioDevice.resetQueue}
     */
    boolean unbreak();

    /**
     * Gives back the tokens of a broken queue that are still in flight, each once, the oldest first,
     * with 0 bytes written. Unlike the rest it allocates. The memory of
     * their buffers may be written by the device until the device has been reset.
     *
     * @return how many were given back
     * @throws IllegalStateException if the queue is not broken
     */
    int detach(UsedBufferHandler handler);

    /** A snapshot of indices and counters. Any thread; figures of a running queue may be a little apart. */
    QueueDTO dump();
}
