// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.virtio.blk.BlockCallback;
import org.virtio.blk.BlockQueue;
import org.virtio.memory.DmaBuffer;
import org.virtio.spec.BlkConfigLayout;
import org.virtio.spec.BlkFeature;

@Timeout(120)
class AllocationTest {
    private static final int REQUESTS = 100_000;
    /** What a compilation or a safepoint may charge to the thread once; far below a byte for each request. */
    private static final long NOISE = 8192;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private long completed;
    private final BlockCallback count = (context, result) -> completed++;

    /** One round of every operation on a queue. */
    @FunctionalInterface
    private interface Round {
        void enter(BlockQueue queue, DmaBuffer buffer, int i);
    }

    private void assertAllocatesNothing(FakeDevice fake, Round round) throws Exception {
        try (Fixture f = Fixture.of(fake); BlockQueue queue = f.device.openQueue()) {
            DmaBuffer buffer = f.buffer(65536, 1);
            run(queue, buffer, round);
            long before = threads.getCurrentThreadAllocatedBytes();
            run(queue, buffer, round);
            long after = threads.getCurrentThreadAllocatedBytes();

            assertThat(after - before).as("bytes for %d rounds", REQUESTS).isLessThan(NOISE);
            assertThat(completed).isGreaterThanOrEqualTo(2L * REQUESTS);
            assertThat(f.fake.disk.violations).isEmpty();
        }
    }

    private void run(BlockQueue queue, DmaBuffer buffer, Round round) {
        for (int i = 0; i < REQUESTS; i++) {
            round.enter(queue, buffer, i);
            queue.submit();
            while (queue.inFlight() > 0) {
                queue.poll(16);
            }
        }
    }

    @Test
    void requestsAllocateNothing() throws Exception {
        assertAllocatesNothing(Fixture.capable(), (queue, buffer, i) -> {
            queue.read(512L * (i % 1000), buffer, 0, 4096, count, buffer);
            queue.write(512L * (i % 1000), buffer, 4096, 4096, count, queue);
            queue.flush(count, null);
            queue.writeZeroes(0, 512, true, count, null);
            queue.discard(512, 512, count, null);
        });
    }

    @Test
    void splitRequestsAndThoseThatNeedNoDeviceAllocateNothing() throws Exception {
        FakeDevice narrow = new FakeDevice().offer(BlkFeature.SIZE_MAX, BlkConfigLayout.SIZE_MAX, 4, 1024)
            .offer(BlkFeature.SEG_MAX, BlkConfigLayout.SEG_MAX, 4, 2);
        narrow.queueSize = 16;
        assertAllocatesNothing(narrow, (queue, buffer, i) -> {
            queue.discard(0, 512, count, null);
            queue.write(512L * (i % 1000), buffer, 0, 16384, count, queue);
        });
    }
}
