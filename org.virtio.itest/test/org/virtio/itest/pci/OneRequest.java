// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci;

import static org.assertj.core.api.Assertions.assertThat;

import org.virtio.device.VirtioDevice;
import org.virtio.itest.support.Await;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueResult;
import org.virtio.queue.Virtqueue;

/** A queue that the calling thread owns, and that has one request at a time. */
final class OneRequest implements AutoCloseable {
    private static final int BYTES = 4096;

    private final VirtioDevice device;
    private final Virtqueue queue;
    private final DmaBuffer buffer;
    private int toRead;

    OneRequest(VirtioDevice device, int index) {
        this.device = device;
        this.queue = device.acquireQueue(index);
        this.buffer = device.memory().allocate(BYTES);
    }

    /**
     * Gives the device bytes to read and room to write to, and asks for a notification.
     *
     * @param readable may be empty
     * @param writable bytes of each device-writable buffer
     */
    void offer(byte[] readable, int... writable) {
        assertThat(queue.begin(this, 1 + writable.length)).as("request of queue " + queue.index()).isEqualTo(QueueResult.OK);
        toRead = readable.length;
        if (toRead > 0) {
            buffer.bytes().put(0, readable);
            queue.addReadable(buffer, 0, toRead);
        }
        int position = toRead;
        for (int length : writable) {
            queue.addWritable(buffer, position, length);
            position += length;
        }
        assertThat(queue.enableNotifications()).as("nothing is used yet").isTrue();
        queue.flush();
    }

    /** Waits until the device notifies that it has used the request; returns what it wrote. */
    byte[] take() {
        Await.until(device.name() + " notifies of queue " + queue.index(), () -> queue.await(Await.LIMIT.toNanos()));
        int[] written = new int[1];
        assertThat(queue.poll((token, bytes) -> written[0] = bytes, 1)).as("used requests: " + queue.dump()).isOne();
        byte[] bytes = new byte[written[0]];
        buffer.bytes().get(toRead, bytes);
        return bytes;
    }

    /** Both. */
    byte[] exchange(byte[] readable, int... writable) {
        offer(readable, writable);
        return take();
    }

    /** Gives the queue back; the device must have used what it was given. */
    @Override
    public void close() {
        buffer.close();
        device.releaseQueue(queue);
    }
}
