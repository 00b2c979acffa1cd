// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.virtio.device.VirtioException;
import org.virtio.queue.UsedBufferHandler;
import org.virtio.queue.Virtqueue;

/** Has one queue reset or resized by its owner, in its device's turn. */
final class QueueReset {
    private static final long LOCK_RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final CoreDevice device;
    private final ReentrantLock turn;

    QueueReset(CoreDevice device, ReentrantLock turn) {
        this.device = device;
        this.turn = turn;
    }

    /**
     * {@code VirtioDevice.resizeQueue}.
     *
     * @param size 0 to leave it as it is
     */
    void reset(Virtqueue queue, int size, UsedBufferHandler used, UsedBufferHandler unused) throws VirtioException {
        if (turn.isHeldByCurrentThread()) {
            throw new IllegalStateException(
                "a handler that takes requests back cannot reset queues of device " + device.name());
        }
        // A stop holds the lock while it waits for owners, of whom the caller is one: it must not wait in its turn.
        while (!turn.tryLock()) {
            device.control.queues().ownSlot(queue);
            LockSupport.parkNanos(LOCK_RETRY_NANOS);
        }
        try {
            device.checkUsable();
            device.control.resetQueue(queue, size, used, unused);
        } finally {
            device.breakIfFailed();
            turn.unlock();
        }
    }
}
