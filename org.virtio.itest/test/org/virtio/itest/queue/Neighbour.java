// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.queue;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.virtio.device.VirtioDevice;
import org.virtio.itest.support.Await;
import org.virtio.itest.support.Failures;
import org.virtio.queue.Virtqueue;

/** A thread that uses a queue of its own, while something is done to another queue of the device. */
final class Neighbour implements AutoCloseable {
    private static final int DEPTH = 16;
    private static final int REQUESTS = 20;

    private final VirtioDevice device;
    private final FutureTask<Void> task;
    private volatile boolean ended;
    private volatile long rounds;

    /** Starts to use a queue, with sectors from {@code firstSector} on. */
    Neighbour(VirtioDevice device, int index, long firstSector) {
        this.device = device;
        this.task = new FutureTask<>(() -> use(index, firstSector), null);
        new Thread(task, "neighbour").start();
    }

    private void use(int index, long firstSector) {
        Virtqueue queue = device.acquireQueue(index);
        BlkLoad load = new BlkLoad(device, queue, DEPTH, firstSector, index);
        while (!ended) {
            load.run(Waiting.NEXT, REQUESTS);
            rounds++;
        }
        load.check();
        device.releaseQueue(queue);
    }

    /** Waits until requests that were begun after this call have come back. */
    void awaitProgress() {
        long goal = rounds + 2;
        Await.until("the other queue works", () -> rounds >= goal || task.isDone());
        if (task.isDone()) {
            close();
        }
    }

    @Override
    public void close() {
        end();
    }

    /** Ends and releases its queue; fails if a request went wrong. Ending again says the same. */
    void end() {
        ended = true;
        try {
            task.get();
        } catch (ExecutionException e) {
            throw Failures.in("on the other queue", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Failures.in("interrupted", e);
        }
    }
}
