// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.virtio.core.memory.AddressMap;
import org.virtio.core.queue.RingDevice.Chain;
import org.virtio.queue.UsedBufferHandler;
import org.virtio.transport.QueueNotifier;

/** A virtqueue that the current thread owns, the device behind it, and what came of both. */
final class QueueFixture implements UsedBufferHandler, QueueNotifier {
    static final long RING_ADDRESS = 0x7000_0000_0000L;
    static final long DATA_ADDRESS = 0x1_0000_0000L;
    static final int DATA_SIZE = 1 << 20;

    /** A used buffer as it was handed over. */
    record Used(Object token, int written) {
    }

    final Ring queue;
    final TestBuffer data = new TestBuffer(DATA_ADDRESS, DATA_SIZE);
    final List<Used> used = new ArrayList<>();
    TestBuffer ring;
    RingDevice device;
    int notifications;
    int lastNotification;
    int wakeups;

    QueueFixture(RingFormat format, int size) {
        this(format, size, 0);
    }

    QueueFixture(RingFormat format, int size, int index) {
        ring = new TestBuffer(RING_ADDRESS, format.bytes(size));
        queue = format.create(index, size, ring, new AddressMap());
        queue.notifier(this);
        queue.owner(Thread.currentThread());
        device = RingDevice.of(queue, ring);
    }

    /** Has the queue reset, as the core would. */
    void reset(int size, UsedBufferHandler unused) {
        if (queue.beginReset()) {
            queue.takeUsed(this);
        }
        queue.giveBack(unused);
        if (size != queue.size()) {
            ring = new TestBuffer(RING_ADDRESS, queue.format.bytes(size));
        }
        queue.lay(size, ring, new AddressMap());
        queue.endReset();
        device = RingDevice.of(queue, ring);
    }

    /** Begins a request and adds one descriptor for each length: positive device-readable, negative device-writable. */
    int request(Object token, int... lengths) {
        int result = queue.begin(token, token.hashCode(), lengths.length);
        if (result == 0) {
            for (int length : lengths) {
                if (length > 0) {
                    queue.addReadable(data, 0, length);
                } else {
                    queue.addWritable(data, 0, -length);
                }
            }
        }
        return result;
    }

    /** Begins a request of so many device-readable bytes in buffers of one byte, and one device-writable one. */
    int chain(Object token, int readable) {
        int[] lengths = new int[readable + 1];
        java.util.Arrays.fill(lengths, 1);
        lengths[readable] = -8;
        return request(token, lengths);
    }

    /** Publishes so many requests, and tells whether the device wants to be notified of them. */
    boolean publish(int requests) {
        for (int i = 0; i < requests; i++) {
            assertThat(request("r", 1)).isZero();
        }
        return queue.publish();
    }

    /** The device uses all that is available, completely. */
    void useAll() {
        for (Chain chain : device.take()) {
            device.use(chain, chain.writable());
        }
    }

    int poll() {
        return queue.poll(this, Integer.MAX_VALUE);
    }

    /** One request there and back, of which nothing is kept. */
    void roundTrip() {
        request("r", 1);
        queue.flush();
        useAll();
        assertThat(poll()).isEqualTo(1);
        used.clear();
    }

    @Override
    public void used(Object token, int written) {
        throw new AssertionError("handed over without its context");
    }

    @Override
    public void used(Object token, long context, int written) {
        assertThat(context).isIn(0L, (long) token.hashCode());
        used.add(new Used(token, written));
    }

    @Override
    public void notifyDevice(int notificationData) {
        notifications++;
        lastNotification = notificationData;
    }

    @Override
    public boolean await(long timeoutNanos) {
        return false;
    }

    @Override
    public void wakeup() {
        wakeups++;
    }
}
