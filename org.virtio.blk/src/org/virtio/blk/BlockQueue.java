// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk;

import org.osgi.annotation.versioning.ProviderType;
import org.virtio.memory.DmaBuffer;

/**
 * A virtqueue of a block device, owned by the thread that opened it: for that thread alone.
 *
 * <p>Requests are entered by {@link #read} and the like, made available to the device all at once by {@link #submit}, and
 * completed by {@link #poll} or {@link #await}, which call the callbacks. Nothing is allocated per request. Positions,
 * lengths and refusals are as in {@link BlockDevice}; what a method returns is a {@code QueueResult}: {@code OK}, or
 * {@code FULL} (submit and poll, then try again; nothing was entered), or {@code BROKEN} (see {@link #failure()}; nothing
 * was entered). Every request for which {@code OK} was returned completes exactly once, by {@link #poll}, {@link #await} or
 * {@link #close}, which callbacks must not call.
 *
 * <p>Buffers must be of {@link BlockDevice#memory()} and not closed: others are refused with an
 * {@link IllegalArgumentException}, since the device does not know their addresses.
 */
@ProviderType
public interface BlockQueue extends AutoCloseable {
    /** The index of the virtqueue. */
    int index();

    /** Requests that have been entered and not completed. */
    int inFlight();

    /** Reads into a part of a buffer of the device's memory. */
    int read(long position, DmaBuffer buffer, int offset, int length, BlockCallback callback, Object context);

    /** Writes a part of a buffer of the device's memory. */
    int write(long position, DmaBuffer buffer, int offset, int length, BlockCallback callback, Object context);

    /** Makes all completed writes durable. */
    int flush(BlockCallback callback, Object context);

    /** Discards a range; completes with {@link BlockResult#UNSUPPORTED} if the device does not offer it. */
    int discard(long position, long length, BlockCallback callback, Object context);

    /** Makes a range read as zeroes; completes with {@link BlockResult#UNSUPPORTED} if the device does not offer it. */
    int writeZeroes(long position, long length, boolean unmap, BlockCallback callback, Object context);

    /** Reads the ID string into 20 bytes of a buffer. */
    int getId(DmaBuffer buffer, int offset, BlockCallback callback, Object context);

    /** Publishes what has been entered, and notifies the device if it wants that. */
    void submit();

    /**
     * Completes requests that the device has used, without waiting. On a broken queue completes all with
     * {@link BlockResult#DEVICE_GONE}.
     *
     * @param limit the most virtqueue requests to take, at least 1
     * @return how many callbacks were called
     */
    int poll(int limit);

    /**
     * Completes requests; while there is nothing to complete, spins for the driver's spin time, then sleeps on the queue's
     * notification until something is used or the time is over. Submits first. Returns at once if nothing is in flight.
     *
     * @return how many callbacks were called
     */
    int await(int limit, long timeoutNanos);

    /** Why the queue no longer works, or requests of an owner that has ended were given up; or null. Any thread. */
    String failure();

    /**
     * Gives the queue back after waiting for what is in flight, up to the driver's time limit; what is not complete then
     * completes with {@link BlockResult#DEVICE_GONE} and the queue is broken for good.
     */
    @Override
    void close();
}
