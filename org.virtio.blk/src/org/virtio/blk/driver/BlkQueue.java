// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import static org.virtio.spec.BlkRequestLayout.ID_SIZE;
import static org.virtio.spec.BlkRequestLayout.T_IN;
import static org.virtio.spec.BlkRequestLayout.T_OUT;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.blk.BlockCallback;
import org.virtio.blk.BlockQueue;
import org.virtio.memory.DmaAllocator;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueResult;
import org.virtio.queue.Virtqueue;

/** A virtqueue in the hands of an application's thread: checks what it asks for and passes it on to the engine. */
final class BlkQueue implements BlockQueue {
    private static final Logger LOG = LoggerFactory.getLogger(BlkQueue.class);
    private static final int CLOSE_BATCH = 256;

    private final QueueSet queues;
    private final Virtqueue queue;
    private final RequestEngine engine;
    private final Bounds bounds;
    private final DeviceSettings settings;
    private final DmaAllocator memory;
    private final Thread owner = Thread.currentThread();
    private boolean closed;
    private boolean brokenTold;
    /** Why requests failed although the queue works, or null. */
    private volatile String lost;

    BlkQueue(QueueSet queues, Virtqueue queue, RequestEngine engine, Bounds bounds, DeviceSettings settings) {
        this.queues = queues;
        this.queue = queue;
        this.engine = engine;
        this.bounds = bounds;
        this.settings = settings;
        this.memory = queues.device().memory();
    }

    @Override
    public int index() {
        return queue.index();
    }

    @Override
    public int inFlight() {
        return engine.inFlight();
    }

    @Override
    public int read(long position, DmaBuffer buffer, int offset, int length, BlockCallback callback, Object context) {
        bounds.check(position, length);
        check(buffer, offset, length);
        return closed ? QueueResult.BROKEN : engine.transfer(T_IN, position, buffer, offset, length, callback, context);
    }

    @Override
    public int write(long position, DmaBuffer buffer, int offset, int length, BlockCallback callback, Object context) {
        bounds.checkWrite(position, length);
        check(buffer, offset, length);
        return closed ? QueueResult.BROKEN : engine.transfer(T_OUT, position, buffer, offset, length, callback, context);
    }

    @Override
    public int flush(BlockCallback callback, Object context) {
        return closed ? QueueResult.BROKEN : engine.flush(callback, context);
    }

    @Override
    public int discard(long position, long length, BlockCallback callback, Object context) {
        bounds.checkWrite(position, length);
        return closed ? QueueResult.BROKEN : engine.discard(position, length, callback, context);
    }

    @Override
    public int writeZeroes(long position, long length, boolean unmap, BlockCallback callback, Object context) {
        bounds.checkWrite(position, length);
        return closed ? QueueResult.BROKEN : engine.writeZeroes(position, length, unmap, callback, context);
    }

    @Override
    public int getId(DmaBuffer buffer, int offset, BlockCallback callback, Object context) {
        check(buffer, offset, ID_SIZE);
        return closed ? QueueResult.BROKEN : engine.id(buffer, offset, callback, context);
    }

    private void check(DmaBuffer buffer, int offset, int length) {
        Bounds.checkBuffer(buffer, offset, length);
        if (!memory.owns(buffer)) {
            throw new IllegalArgumentException("the buffer is closed or not of the memory of " + queues.device().name());
        }
    }

    @Override
    public void submit() {
        if (!closed) {
            engine.submit();
        }
    }

    @Override
    public int poll(int limit) {
        return closed ? 0 : pollEngine(limit);
    }

    private int pollEngine(int limit) {
        int done = engine.poll(limit);
        if (engine.isGone() && !brokenTold) {
            brokenTold = true;
            queues.broke(index(), failure());
        }
        return done;
    }

    @Override
    public int await(int limit, long timeoutNanos) {
        return closed ? 0 : complete(limit, timeoutNanos);
    }

    private int complete(int limit, long timeoutNanos) {
        engine.submit();
        int done = pollEngine(limit);
        if (done > 0 || engine.inFlight() == 0) {
            return done;
        }
        long start = System.nanoTime();
        long spin = Math.min(settings.spinNanos(), timeoutNanos);
        while (System.nanoTime() - start < spin) {
            Thread.onSpinWait();
            done = pollEngine(limit);
            if (done > 0) {
                return done;
            }
        }
        return sleep(limit, start, timeoutNanos);
    }

    private int sleep(int limit, long start, long timeoutNanos) {
        int done = 0;
        while (done == 0) {
            long left = timeoutNanos - (System.nanoTime() - start);
            if (left <= 0) {
                return 0;
            }
            if (queue.enableNotifications()) {
                queue.await(left);
                queue.disableNotifications();
            }
            done = pollEngine(limit);
        }
        return done;
    }

    @Override
    public String failure() {
        String broken = queue.brokenReason();
        return broken == null ? lost : broken;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (Thread.currentThread() != owner) {
            throw new IllegalStateException("queue " + index() + " is owned by thread '" + owner.getName() + "', not by '"
                + Thread.currentThread().getName() + "'");
        }
        end("closed");
        queues.closed(queue);
    }

    /** Ends what the owner, a thread that has ended without closing this, left in flight. For the thread that has it now. */
    void endAbandoned() {
        end("left by thread '" + owner.getName() + "', which has ended,");
    }

    /** Completes what is in flight, or breaks the queue over it. What callbacks throw must not leave the queue without an end. */
    private void end(String how) {
        closed = true;
        long start = System.nanoTime();
        long limit = settings.drainNanos();
        for (long left = limit; left > 0 && engine.inFlight() > 0; left = limit - (System.nanoTime() - start)) {
            boolean away = queues.isSuspended();
            try {
                if (engine.hasLost()) {
                    lost = how + " before all of the request was submitted";
                    engine.failTaken();
                } else {
                    complete(CLOSE_BATCH, left);
                }
            } catch (RuntimeException | Error e) {
                callbackFailed(e);
            }
            if (away || queues.isSuspended()) {
                // The device has not had its time yet; how long it may be away is limited elsewhere.
                start = System.nanoTime();
            }
        }
        if (engine.inFlight() > 0) {
            String reason = how + " with " + engine.inFlight()
                + " requests in flight, which the device did not complete in " + limit / 1_000_000 + " ms";
            lost = reason;
            engine.breakOff(reason, this::callbackFailed);
            // Even if somebody makes the queue work again: the device may write to the memory of its requests.
            queues.broke(index(), failure());
        }
    }

    private void callbackFailed(Throwable e) {
        LOG.warn("a callback failed while queue {} of {} was closed", index(), queues.device().name(), e);
    }
}
