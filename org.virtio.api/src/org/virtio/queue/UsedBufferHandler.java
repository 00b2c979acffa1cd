// SPDX-License-Identifier: Apache-2.0
package org.virtio.queue;

/** Receives used buffers from {@link Virtqueue#poll}, on the thread that polls. */
@FunctionalInterface
public interface UsedBufferHandler {
    /**
     * The device has used a request, or the request has been taken back from a queue that no longer runs.
     * May start new requests on the same queue. Should not throw: what it throws leaves {@code poll} after the queue's own
     * state has been brought up to date, and buffers not yet handed over come with the next poll.
     *
     * @param token   what {@link Virtqueue#begin} was given
     * @param written bytes that the device wrote, from 0 to the sum of the request's device-writable buffers
     */
    void used(Object token, int written);

    /**
     * What the queue calls: the same with the context. Without need of it, implement {@link #used(Object, int)} alone.
     *
     * @param context what {@link Virtqueue#begin(Object, long, int)} was given, or 0
     */
    default void used(Object token, long context, int written) {
        used(token, written);
    }
}
