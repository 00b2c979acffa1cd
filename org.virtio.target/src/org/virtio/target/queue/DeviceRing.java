// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

import java.util.BitSet;

/**
 * The rings of one virtqueue as the device accesses them, whatever their format. What the device takes and hands back is
 * counted in buffers, each of which fills some descriptors. Two classes implement this, so that calls stay fast. Used by one
 * thread at a time.
 *
 * <p>Shared fields are accessed plainly, next to a fence, and not with the modes of a VarHandle: where a front end has cut
 * its memory away, HotSpot turns a fault of a plain access into an InternalError, but for a 16-bit store of any other mode
 * the interpreter calls native code whose exchange instruction its signal handler cannot decode, and the JVM ends.
 */
interface DeviceRing {
    /**
     * Begins where the rings stand. Called first, and by the thread that polls: nobody else touches shared memory.
     *
     * @throws QueueException if what is written down of another process's requests cannot be
     */
    void begin() throws QueueException;

    /** Where the queue goes on after it was stopped, as the front end is told. */
    int base();

    /** How much the device has taken and not used: 0 if there is nothing. */
    int inFlight();

    /**
     * Whether a buffer is available that was not taken; looks at what the driver has made available up to now.
     *
     * @throws QueueException if the driver made more available than the queue has
     */
    boolean hasAvailable() throws QueueException;

    /** The same, of what {@link #hasAvailable} may have seen already: for the rest of a batch. */
    boolean hasMore();

    /** Whether chains that another process had taken are still to be executed. */
    default boolean hasLost() {
        return false;
    }

    /** Reads the next available buffer, which there is. */
    void read(Chain chain) throws QueueException;

    /** Takes the buffer that was read. */
    void take(Chain chain);

    /** Writes down, if that is done, that a buffer is completed: each one, before the element that it may share is put. */
    void completed(int id);

    /**
     * Hands buffers back by one used element; the driver sees it after {@link #publish}.
     *
     * @param id          of the last of them
     * @param length      bytes written to the last of them, unsigned
     * @param buffers     how many they are; more than one only if they are used in order
     * @param descriptors how many of the ring's descriptors they fill
     */
    void putUsed(int id, int length, int buffers, int descriptors);

    /** For a device that misbehaves: goes on with used elements where it would be only after as many as the queue is long. */
    void jump();

    /** Adds the ids of what is available and was not taken. Allocates, and is for a device that misbehaves. */
    void addAvailableIds(BitSet ids);

    /**
     * Lets the driver see what was put.
     *
     * @return how many buffers that are
     */
    int publish();

    /** Whether the driver wants to hear of what was published last. */
    boolean wantsNotification();

    /** Asks the driver not to notify. */
    void suppressNotifications();

    /** Asks the driver to notify of the next available buffer. The caller looks at {@link #hasAvailable} once more. */
    void requestNotification();
}
