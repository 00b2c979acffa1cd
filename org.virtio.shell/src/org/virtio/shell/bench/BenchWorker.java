// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.virtio.blk.BlockCallback;
import org.virtio.blk.BlockDevice;
import org.virtio.blk.BlockQueue;
import org.virtio.blk.BlockResult;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueResult;
import org.virtio.shell.CommandException;

/**
 * One thread of a benchmark: keeps a number of requests in flight on a queue of its own and records how long each took.
 * Nothing is allocated per request. The clock is read once per batch of submissions and once per batch of completions, which
 * at most adds the batch's own time to a latency.
 */
final class BenchWorker implements BlockCallback {
    private static final long AWAIT_NANOS = 100_000_000;
    /** How long to wait, after the time to measure, for what is in flight. */
    private static final int DRAIN_SECONDS = 3;
    private static final long HIGHEST_NANOS = 60_000_000_000L;
    private static final int DIGITS = 3;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private static final class Slot {
        final int offset;
        boolean write;
        long entered;

        Slot(int offset) {
            this.offset = offset;
        }
    }

    private final BlockDevice device;
    private final BenchOptions options;
    private final Positions positions;
    private final Slot[] free;
    private final Histogram latencies = new Histogram(HIGHEST_NANOS, DIGITS);
    private int freeCount;
    private int mostInFlight;
    private boolean deviceGone;
    private long completedAt;
    private boolean clockRead;
    private long reads;
    private long writes;
    private int failure = BlockResult.OK;
    private BlockQueue queue;
    private DmaBuffer buffer;
    private long elapsed;
    private long cpu;
    private volatile long progress;
    private volatile boolean stop;

    BenchWorker(BlockDevice device, BenchOptions options, int index) {
        this.device = device;
        this.options = options;
        this.positions = new Positions(options, device.capacity(), index);
        this.free = new Slot[options.depth()];
        for (int i = 0; i < free.length; i++) {
            free[freeCount++] = new Slot(i * options.size());
        }
    }

    /** Warms up, then measures; returns when all requests are complete. On the thread that is to own the queue. */
    void run() throws Exception {
        buffer = device.memory().allocate(options.depth() * options.size());
        try (BlockQueue opened = device.openQueue()) {
            queue = opened;
            measure();
        } finally {
            // After this the device may still write what it did not complete; the memory goes when the device is closed.
            if (!deviceGone) {
                buffer.close();
            }
        }
    }

    private void measure() throws CommandException {
        phase(options.warmUpNanos());
        latencies.reset();
        reads = 0;
        writes = 0;
        mostInFlight = 0;
        long cpuBefore = THREADS.getCurrentThreadCpuTime();
        long start = System.nanoTime();
        phase(options.nanos());
        elapsed = System.nanoTime() - start;
        cpu = THREADS.getCurrentThreadCpuTime() - cpuBefore;
    }

    private void phase(long nanos) throws CommandException {
        long end = System.nanoTime() + nanos;
        long now = System.nanoTime();
        while (now < end && !stop && failure == BlockResult.OK) {
            enterAll(now);
            queue.submit();
            complete();
            progress = reads + writes;
            now = System.nanoTime();
        }
        drain();
        if (failure != BlockResult.OK) {
            throw new CommandException("a request failed: " + BlockResult.toString(failure)
                + (queue.failure() == null ? "" : ": " + queue.failure()));
        }
        int lost = queue.inFlight();
        if (lost > 0 && !stop) {
            throw new CommandException(lost + (lost == 1 ? " request of queue " : " requests of queue ") + queue.index()
                + " did not complete within " + DRAIN_SECONDS + " s after the time to measure");
        }
    }

    /** Waits for what is in flight, but not for ever, nor if told to stop; closing the queue waits too, within its limit. */
    private void drain() {
        long start = System.nanoTime();
        long limit = TimeUnit.SECONDS.toNanos(DRAIN_SECONDS);
        while (queue.inFlight() > 0 && !stop && System.nanoTime() - start < limit) {
            complete();
        }
    }

    private void complete() {
        clockRead = false;
        if (options.sleeping()) {
            queue.await(options.depth(), AWAIT_NANOS);
        } else {
            queue.poll(options.depth());
        }
    }

    private void enterAll(long now) throws CommandException {
        while (freeCount > 0) {
            Slot slot = free[freeCount - 1];
            slot.write = positions.nextIsWrite();
            slot.entered = now;
            long position = positions.next();
            int result = slot.write
                ? queue.write(position, buffer, slot.offset, options.size(), this, slot)
                : queue.read(position, buffer, slot.offset, options.size(), this, slot);
            if (result == QueueResult.FULL) {
                break;
            }
            if (result != QueueResult.OK) {
                throw new CommandException("the queue refuses requests: " + QueueResult.toString(result)
                    + (queue.failure() == null ? "" : ": " + queue.failure()));
            }
            freeCount--;
        }
        mostInFlight = Math.max(mostInFlight, free.length - freeCount);
    }

    @Override
    public void completed(Object context, int result) {
        if (!clockRead) {
            completedAt = System.nanoTime();
            clockRead = true;
        }
        Slot slot = (Slot) context;
        free[freeCount++] = slot;
        if (result != BlockResult.OK) {
            failure = result;
            deviceGone |= result == BlockResult.DEVICE_GONE;
            return;
        }
        if (slot.write) {
            writes++;
        } else {
            reads++;
        }
        latencies.recordValue(Math.min(completedAt - slot.entered, HIGHEST_NANOS));
    }

    /** Makes {@link #run} come to its end soon. Any thread. */
    void stop() {
        stop = true;
    }

    /** Requests completed so far. Any thread. */
    long progress() {
        return progress;
    }

    long reads() {
        return reads;
    }

    long writes() {
        return writes;
    }

    Histogram latencies() {
        return latencies;
    }

    /** The most requests that were in flight: fewer than asked for if the queue cannot hold that many. */
    int mostInFlight() {
        return mostInFlight;
    }

    long elapsedNanos() {
        return elapsed;
    }

    long cpuNanos() {
        return cpu;
    }
}
