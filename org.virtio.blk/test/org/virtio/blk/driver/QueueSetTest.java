// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.virtio.blk.BlockCallback;
import org.virtio.blk.BlockDeviceGoneException;
import org.virtio.blk.BlockException;
import org.virtio.blk.BlockQueue;
import org.virtio.device.VirtioException;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueResult;
import org.virtio.spec.BlkConfigLayout;
import org.virtio.spec.BlkFeature;

/** Who has which queue when something goes wrong, and that nothing is held on to. */
@Timeout(60)
class QueueSetTest {
    private static FakeDevice withQueues(int queues) {
        return Fixture.capable().config(BlkConfigLayout.NUM_QUEUES, 2, queues);
    }

    @Test
    void aPollerThatCannotEndKeepsItsQueue() throws Exception {
        try (Fixture f = Fixture.of(withQueues(1), 0, 1)) {
            f.queue(0).hold(true);
            CompletableFuture<Void> pending = f.device.flushAsync();
            f.queue(0).awaitAvailable(1);
            Thread poller = f.queue(0).owner;
            assertThatThrownBy(f.device::openQueue).isExactlyInstanceOf(BlockException.class)
                .hasMessage("queue 0 of disk0 cannot be opened: the driver's poller has requests in flight on it, "
                    + "which the device did not complete in 1001 ms");
            f.queue(0).hold(false);
            f.queue(0).serve(1);
            pending.join();
            f.device.flush();
            assertThat(f.queue(0).owner).isSameAs(poller);
            try (BlockQueue queue = f.device.openQueue()) {
                assertThat(poller.isAlive()).isFalse();
                assertThat(queue.flush(f, "flush")).isEqualTo(QueueResult.OK);
            }
        }
    }

    /** A thread that enters a read and ends without closing its queue. */
    private static void leave(Fixture f) throws Exception {
        Thread thread = new Thread(() -> {
            try {
                BlockQueue queue = f.device.openQueue();
                queue.read(0, f.buffer(512, 1), 0, 512, f, "read");
                queue.submit();
                queue.write(0, f.buffer(512, 1), 0, 512, f, "write");
            } catch (BlockException e) {
                throw new IllegalStateException(e);
            }
        }, "careless");
        thread.start();
        thread.join();
        assertThat(f.queue(0).owner).isSameAs(thread);
        assertThat(f.completions).isEmpty();
    }

    @Test
    void theQueueOfAThreadThatHasEndedIsTakenOver() throws Exception {
        try (Fixture f = Fixture.of(withQueues(1))) {
            leave(f);
            try (BlockQueue queue = f.device.openQueue()) {
                assertThat(f.completions).as("each once").containsExactlyInAnyOrder("read OK", "write OK");
                assertThat(queue.flush(f, "flush")).isEqualTo(QueueResult.OK);
                Fixture.finish(queue);
            }
            assertThat(f.completions).hasSize(3).contains("flush OK");
            assertThat(f.fake.disk.violations).isEmpty();
        }
    }

    @Test
    void aPollerTakesItOverToo() throws Exception {
        try (Fixture f = Fixture.of(withQueues(1))) {
            leave(f);
            f.device.flush();
            assertThat(f.completions).containsExactlyInAnyOrder("read OK", "write OK");
            assertThat(f.queue(0).owner).isInstanceOf(Poller.class);
        }
    }

    @Test
    void aQueueThatWasLeftWithRequestsThatNeverEndIsBroken() throws Exception {
        try (Fixture f = Fixture.of(withQueues(1), 0, 1)) {
            f.queue(0).hold(true);
            leave(f);
            assertThatThrownBy(f.device::openQueue).isInstanceOf(BlockDeviceGoneException.class).hasMessageContaining(
                "queue 0 is broken: left by thread 'careless', which has ended, with 2 requests in flight");
            assertThat(f.completions).containsExactlyInAnyOrder("read DEVICE_GONE", "write DEVICE_GONE");
            assertThat(f.queue(0).owner).isNull();
        }
    }

    @Test
    void aCallbackThatThrowsDoesNotKeepAQueueFromBeingClosed() throws Exception {
        try (Fixture f = Fixture.of(withQueues(1))) {
            BlockQueue queue = f.device.openQueue();
            queue.flush((context, result) -> {
                throw new IllegalStateException("a callback that fails");
            }, null);
            queue.flush(f, "flush");
            queue.close();
            assertThat(f.completions).containsExactly("flush OK");
            assertThat(f.queue(0).owner).isNull();
        }
    }

    @Test
    void aDeviceThatDoesNotStartLeavesNoMemory() {
        FakeDevice fake = withQueues(2);
        fake.memory.capacity(RequestSlots.memorySize(fake.queueSize) + 1);
        assertThatThrownBy(() -> Fixture.of(fake)).isInstanceOf(VirtioException.class)
            .hasMessageContaining("no shared memory");
        assertThat(fake.memory.allocated()).isZero();
    }

    @Test
    void aQueueThatCannotBeOpenedIsGivenBack() throws Exception {
        try (Fixture f = Fixture.of(withQueues(1))) {
            f.fake.memory.failing = true;
            assertThatThrownBy(f.device::openQueue).isInstanceOf(BlockException.class)
                .hasMessage("queue 0 of disk0 cannot be opened: the buffer is closed");
            f.fake.memory.failing = false;
            assertThat(f.queue(0).owner).isNull();
            f.device.openQueue().close();
        }
    }

    @Test
    void whatTheDeviceNeverGaveBackIsFreedWhenItHasLetGo() throws Exception {
        FakeDevice fake = withQueues(1);
        Fixture f = Fixture.of(fake, 0, 1);
        f.queue(0).hold(true);
        f.device.writeAsync(0, ByteBuffer.allocate(4096));
        f.device.dump();
        f.queue(0).awaitAvailable(2);
        f.close();
        assertThat(f.queue(0).isBroken()).isTrue();
        assertThat(fake.memory.allocated()).isZero();
    }

    @Test
    void nothingOfAFinishedRequestIsHeldOnTo() throws Exception {
        FakeDevice narrow = withQueues(1).offer(BlkFeature.SIZE_MAX, BlkConfigLayout.SIZE_MAX, 4, 512)
            .config(BlkConfigLayout.SEG_MAX, 4, 1);
        try (Fixture f = Fixture.of(narrow); BlockQueue queue = f.device.openQueue()) {
            assertForgotten(enter(f, queue, 512));
            assertForgotten(enter(f, queue, 2048));
            assertForgotten(enter(f, queue, 0));
        }
    }

    /** What only the request refers to: its callback and its context. */
    private static WeakReference<?>[] enter(Fixture f, BlockQueue queue, int length) {
        Object context = new Object();
        BlockCallback callback = (given, result) -> f.completions.add(context.toString());
        DmaBuffer buffer = f.buffer(4096, 1);
        assertThat(queue.read(0, buffer, 0, length, callback, context)).isEqualTo(QueueResult.OK);
        Fixture.finish(queue);
        queue.poll(1);
        return new WeakReference<?>[] {new WeakReference<>(callback), new WeakReference<>(context)};
    }

    private static void assertForgotten(WeakReference<?>[] references) throws InterruptedException {
        for (WeakReference<?> reference : references) {
            for (int i = 0; i < 20 && reference.get() != null; i++) {
                System.gc();
                Thread.sleep(5);
            }
            assertThat(reference.get()).isNull();
        }
    }

    @Test
    void aPollerThatIsIdleHoldsNoSharedMemory() throws Exception {
        try (Fixture f = Fixture.of(withQueues(1))) {
            long before = f.fake.memory.allocated();
            f.device.write(0, ByteBuffer.allocate(100 * 512));
            assertThat(f.fake.memory.allocated()).as("kept for the next request").isGreaterThan(before);
            while (f.fake.memory.allocated() > before) {
                Thread.sleep(10);
            }
            f.queue(0).awaitAsleep();
            f.device.write(0, ByteBuffer.allocate(100 * 512));
        }
    }
}
