// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.blk;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.virtio.blk.BlockDevice;
import org.virtio.blk.BlockQueue;
import org.virtio.blk.BlockResult;
import org.virtio.itest.support.Await;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueResult;

/**
 * Threads that own a queue and threads that do not, each with a part of the device for itself. There are more of the
 * latter than queues, and as many of the former as leaves one queue for the driver's poller.
 */
final class ManyThreads {
    private static final int DEPTH = 32;
    private static final int LENGTH = 4096;
    private static final int ROUNDS = 20;
    private static final int WAITERS = 4;

    private final BlockDevice device;

    ManyThreads(BlockDevice device) {
        this.device = device;
    }

    void run() throws Exception {
        int owners = device.queueCount() - 1;
        ExecutorService threads = Executors.newFixedThreadPool(owners + WAITERS);
        try {
            List<Future<?>> ends = new ArrayList<>();
            for (int i = 0; i < owners + WAITERS; i++) {
                long part = i * (long) DEPTH * LENGTH;
                boolean owner = i < owners;
                ends.add(threads.submit(() -> owner ? own(part) : waiting(part)));
            }
            for (Future<?> end : ends) {
                end.get(Await.LIMIT.toSeconds(), TimeUnit.SECONDS);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private Void waiting(long part) throws Exception {
        Random random = new Random(part);
        byte[] data = new byte[DEPTH * LENGTH];
        for (int round = 0; round < ROUNDS; round++) {
            random.nextBytes(data);
            device.write(part, ByteBuffer.wrap(data));
            ByteBuffer back = ByteBuffer.allocate(data.length);
            device.read(part, back);
            assertThat(Arrays.equals(back.array(), data)).as("round " + round).isTrue();
        }
        return null;
    }

    private Void own(long part) throws Exception {
        Random random = new Random(part);
        byte[] data = new byte[DEPTH * LENGTH];
        byte[] back = new byte[data.length];
        try (DmaBuffer buffer = device.memory().allocate(data.length); BlockQueue queue = device.openQueue()) {
            for (int round = 0; round < ROUNDS; round++) {
                random.nextBytes(data);
                buffer.bytes().put(0, data);
                batch(queue, buffer, part, true);
                buffer.bytes().put(0, new byte[data.length]);
                batch(queue, buffer, part, false);
                buffer.bytes().get(0, back);
                assertThat(Arrays.equals(back, data)).as("round " + round).isTrue();
            }
        }
        return null;
    }

    private static void batch(BlockQueue queue, DmaBuffer buffer, long part, boolean write) {
        int[] ends = new int[DEPTH];
        for (int i = 0; i < DEPTH; i++) {
            int number = i;
            int offset = i * LENGTH;
            int result = write
                ? queue.write(part + offset, buffer, offset, LENGTH, (context, end) -> count(ends, number, end), ends)
                : queue.read(part + offset, buffer, offset, LENGTH, (context, end) -> count(ends, number, end), ends);
            assertThat(result).isEqualTo(QueueResult.OK);
        }
        queue.submit();
        Await.until("the batch is complete", () -> {
            queue.await(DEPTH, TimeUnit.MILLISECONDS.toNanos(100));
            return queue.inFlight() == 0;
        });
        assertThat(ends).containsOnly(1);
    }

    private static void count(int[] ends, int number, int result) {
        assertThat(BlockResult.toString(result)).isEqualTo("OK");
        ends[number]++;
    }
}
