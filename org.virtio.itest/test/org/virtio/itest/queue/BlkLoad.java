// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.virtio.device.VirtioDevice;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueDTO;
import org.virtio.queue.QueueResult;
import org.virtio.queue.UsedBufferHandler;
import org.virtio.queue.Virtqueue;

/** Reads and writes on one queue, in random numbers; each must come back once, with the right data. Of the queue's owner. */
final class BlkLoad implements UsedBufferHandler {
    private static final long FIRST_CONTEXT = 1L << 40;
    /** A hundred times what a run takes, and so little that a suite of which every case fails comes to its end. */
    static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Virtqueue queue;
    private final Random random;
    private final DmaBuffer memory;
    private final Queue<BlkRequest> idle = new ArrayDeque<>();
    private final int depth;
    private long entered;
    private long used;
    private long unused;
    private long buffers;
    private long readableBytes;
    private long writtenBytes;
    private long full;
    private long lastGivenUp;

    /**
     * A load of up to {@code depth} requests, for sectors from {@code firstSector} on.
     *
     * @param device to which the queue belongs
     */
    BlkLoad(VirtioDevice device, Virtqueue queue, int depth, long firstSector, long seed) {
        this.queue = queue;
        this.random = new Random(seed);
        this.depth = depth;
        this.memory = device.memory().allocate(depth * BlkRequest.BYTES);
        for (int i = 0; i < depth; i++) {
            idle.add(new BlkRequest(memory, i * BlkRequest.BYTES, firstSector + (long) i * BlkRequest.SECTORS));
        }
    }

    /** Bytes of a disk that is large enough for a load of that depth. */
    static long diskBytes(int depth) {
        return (long) depth * BlkRequest.SECTORS * 512;
    }

    long inFlight() {
        return entered - used - unused;
    }

    long unused() {
        return unused;
    }

    /** Makes that many requests, and waits for all of them. */
    void run(Waiting waiting, int requests) {
        long goal = entered + requests;
        long end = System.nanoTime() + LIMIT_NANOS;
        while (entered < goal || inFlight() > 0) {
            // Half of the batches are small, so that there is something to wait for more often.
            submit((int) Math.min(goal - entered, 1 + random.nextInt(random.nextBoolean() ? depth : Math.min(depth, 4))));
            long keep = entered == goal ? 0 : random.nextInt((int) inFlight() + 1);
            while (inFlight() > keep) {
                waiting.await(queue);
                reap(1 + random.nextInt(depth));
                if (System.nanoTime() - end > 0) {
                    throw new AssertionError(inFlight() + " requests do not come back: " + queue.dump());
                }
            }
        }
    }

    /** Makes up to that many requests available, as many as the queue takes. */
    void submit(int requests) {
        for (int i = 0; i < requests && !idle.isEmpty() && enter(); i++) {
            if (random.nextInt(8) == 0) {
                changeOurMind();
            }
        }
        if (random.nextBoolean()) {
            queue.flush();
        } else if (queue.publish()) {
            queue.notifyDevice();
        }
    }

    private boolean enter() {
        BlkRequest request = idle.element();
        int bound = 2 + random.nextInt(Math.min(queue.size(), BlkRequest.MAX_BUFFERS) - 1);
        long context = FIRST_CONTEXT + entered;
        int result = queue.begin(request, context, bound);
        if (result == QueueResult.FULL) {
            full++;
            return false;
        }
        assertThat(QueueResult.toString(result)).as("begin with %d descriptors", bound).isEqualTo("OK");
        idle.remove();
        request.prepare(random, bound);
        request.add(queue, context);
        if (random.nextInt(4) == 0) {
            queue.preferIndirect();
        }
        entered++;
        buffers += request.count();
        readableBytes += request.readableBytes();
        return true;
    }

    /** What is begun and has no buffers, or is taken back, must leave no trace. */
    private void changeOurMind() {
        if (queue.begin("forgotten", 2) == QueueResult.FULL) {
            full++;
        } else if (random.nextBoolean()) {
            queue.addReadable(memory, 0, 1);
            queue.abort();
        }
    }

    /** Takes up to that many used requests back. */
    void reap(int limit) {
        long before = used;
        int count = queue.poll(this, limit);
        assertThat(count).as("poll; the queue is broken by: %s", queue.brokenReason())
            .isBetween(0, limit).isEqualTo((int) (used - before));
    }

    @Override
    public void used(Object token, int written) {
        throw new AssertionError("the context of " + token + " was lost");
    }

    @Override
    public void used(Object token, long context, int written) {
        BlkRequest request = (BlkRequest) token;
        request.used(context, written);
        used++;
        writtenBytes += written;
        idle.add(request);
    }

    /** A handler of requests that the device gives up. */
    UsedBufferHandler givenUp() {
        return new UsedBufferHandler() {
            @Override
            public void used(Object token, int written) {
                throw new AssertionError("the context of " + token + " was lost");
            }

            @Override
            public void used(Object token, long context, int written) {
                assertThat(written).isZero();
                assertThat(context).as("the oldest first").isGreaterThan(lastGivenUp);
                lastGivenUp = context;
                ((BlkRequest) token).unused(context);
                unused++;
                idle.add((BlkRequest) token);
            }
        };
    }

    /** Fails unless the queue is idle and has counted what was done; returns its counters. */
    QueueDTO check() {
        assertThat(inFlight()).as("in flight").isZero();
        assertThat(idle).hasSize(depth);
        assertThat(queue.poll(this, 1)).as("more than was asked for").isZero();
        QueueDTO dto = queue.dump();
        assertThat(dto.inFlight).as("inFlight").isZero();
        assertThat(dto.freeDescriptors).as("freeDescriptors").isEqualTo(queue.size());
        assertThat(dto.requests).as("requests").isEqualTo(entered);
        assertThat(dto.completions).as("completions").isEqualTo(used);
        assertThat(dto.buffers).as("buffers").isEqualTo(buffers);
        assertThat(dto.bytesReadable).as("bytesReadable").isEqualTo(readableBytes);
        assertThat(dto.bytesWritten).as("bytesWritten").isEqualTo(writtenBytes);
        assertThat(dto.full).as("full").isEqualTo(full);
        return dto;
    }
}
