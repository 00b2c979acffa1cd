// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import java.util.ArrayList;
import java.util.List;
import org.virtio.queue.UsedBufferHandler;
import org.virtio.transport.QueueNotifier;

/** A split virtqueue that the current thread owns, the device behind it, and what came of both. */
final class QueueFixture implements UsedBufferHandler, QueueNotifier {
    static final long RING_ADDRESS = 0x7000_0000_0000L;
    static final long DATA_ADDRESS = 0x1_0000_0000L;

    /** A used buffer as it was handed over. */
    record Used(Object token, int written) {
    }

    final Ring queue;
    final SplitDevice device;
    final TestBuffer data = new TestBuffer(DATA_ADDRESS, 1 << 20);
    final List<Used> used = new ArrayList<>();
    int notifications;
    int wakeups;

    QueueFixture(int size, boolean eventIdx) {
        RingFormat format = new RingFormat(false, eventIdx, false, false, 0);
        TestBuffer ring = new TestBuffer(RING_ADDRESS, format.bytes(size));
        queue = format.create(0, size, ring);
        queue.notifier(this);
        queue.owner(Thread.currentThread());
        device = new SplitDevice(new SplitDevice.DmaMemory(ring.bytes(),
            (int) (queue.setup().driverArea() - RING_ADDRESS), (int) (queue.setup().deviceArea() - RING_ADDRESS)), size);
    }

    /** Begins a request and adds one descriptor for each length: positive device-readable, negative device-writable. */
    int request(Object token, int... lengths) {
        int result = queue.begin(token, lengths.length);
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

    int poll() {
        return queue.poll(this, Integer.MAX_VALUE);
    }

    @Override
    public void used(Object token, int written) {
        used.add(new Used(token, written));
    }

    @Override
    public void notifyDevice(int data) {
        notifications++;
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
