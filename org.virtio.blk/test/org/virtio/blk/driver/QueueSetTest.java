// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
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

    /** A thread that submits a read, does not submit a write, and ends without closing its queue. */
    private static BlockQueue leave(Fixture f) throws Exception {
        return leave(f, queue -> {
            queue.read(0, f.buffer(512, 1), 0, 512, f, "read");
            queue.submit();
            queue.write(0, f.buffer(512, 1), 0, 512, f, "write");
        });
    }

    private static BlockQueue leave(Fixture f, Consumer<BlockQueue> entering) throws Exception {
        CompletableFuture<BlockQueue> opened = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                BlockQueue queue = f.device.openQueue();
                entering.accept(queue);
                opened.complete(queue);
            } catch (BlockException e) {
                opened.completeExceptionally(e);
            }
        }, "careless");
        thread.start();
        thread.join();
        assertThat(f.queue(0).owner).isSameAs(thread);
        assertThat(f.completions).isEmpty();
        return opened.join();
    }

    @Test
    void theQueueOfAThreadThatHasEndedIsTakenOver() throws Exception {
        try (Fixture f = Fixture.of(withQueues(1))) {
            BlockQueue left = leave(f);
            try (BlockQueue queue = f.device.openQueue()) {
                assertThat(left.failure()).isEqualTo(
                    "left by thread 'careless', which has ended, before all of the request was submitted");
                assertThat(left.inFlight()).isZero();
                assertThat(f.completions).as("each once").containsExactlyInAnyOrder("read OK", "write DEVICE_GONE");
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
            assertThat(f.completions).containsExactlyInAnyOrder("read OK", "write DEVICE_GONE");
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
    void aPollerEndsOnAQueueThatWasLeftLikeThat() throws Exception {
        try (Fixture f = Fixture.of(withQueues(1), 0, 1)) {
            f.queue(0).hold(true);
            leave(f);
            assertThatThrownBy(f.device::flush).isInstanceOf(BlockDeviceGoneException.class).hasMessageContaining(
                "queue 0 is broken: left by thread 'careless', which has ended, with 2 requests in flight");
            assertThat(f.completions).containsExactlyInAnyOrder("read DEVICE_GONE", "write DEVICE_GONE");
        }
    }

    @Test
    void aLargeRequestOfWhichAPartWasNotSubmittedFailsOnce() throws Exception {
        FakeDevice narrow = withQueues(1).offer(BlkFeature.SIZE_MAX, BlkConfigLayout.SIZE_MAX, 4, 512)
            .config(BlkConfigLayout.SEG_MAX, 4, 1);
        // In a small queue the next part finds no room, which closes the one before: it goes on with the queue's next owner.
        for (int queueSize : new int[] {7, 64}) {
            narrow.queueSize = queueSize;
            try (Fixture f = Fixture.of(narrow)) {
                leave(f, queue -> {
                    queue.read(0, f.buffer(512, 1), 0, 0, f, "nothing");
                    queue.write(0, f.buffer(4 * 512, 1), 0, 4 * 512, f, "large");
                });
                f.device.openQueue().close();
                assertThat(f.completions).containsExactly("nothing OK", queueSize == 7 ? "large OK" : "large DEVICE_GONE");
                assertThat(f.fake.disk.violations).isEmpty();
            }
            narrow.queues.clear();
        }
    }

    @Test
    void callbacksThatThrowDoNotKeepALeftQueueFromItsEnd() throws Exception {
        for (int drainMillis : new int[] {1, 10_000}) {
            try (Fixture f = Fixture.of(withQueues(1), 0, drainMillis)) {
                f.queue(0).hold(drainMillis == 1);
                BlockCallback failing = (context, result) -> {
                    f.completed(context, result);
                    throw new IllegalStateException("a callback that fails");
                };
                leave(f, queue -> {
                    for (int i = 0; i < 4; i++) {
                        queue.read(0, f.buffer(512, 1), 0, 512, failing, i);
                    }
                    queue.submit();
                    queue.read(0, f.buffer(512, 1), 0, 512, failing, 4);
                });
                assertThat(catchThrowable(() -> f.device.openQueue().close()) == null).isEqualTo(drainMillis > 1);
                String result = drainMillis == 1 ? " DEVICE_GONE" : " OK";
                assertThat(f.completions).containsExactlyInAnyOrder(
                    "0" + result, "1" + result, "2" + result, "3" + result, "4 DEVICE_GONE");
            }
        }
    }

    @Test
    void aQueueThatIsMadeToWorkAgainEachTimeIsGivenUp() throws Exception {
        try (Fixture f = Fixture.of(withQueues(1), 0, 1)) {
            f.queue(0).hold(true);
            f.queue(0).beforeDetach = f.queue(0)::unbreak;
            BlockQueue queue = f.device.openQueue();
            queue.read(0, f.buffer(512, 1), 0, 512, f, "read");
            queue.flush(f, "flush");
            queue.close();
            assertThat(f.completions).containsExactlyInAnyOrder("read DEVICE_GONE", "flush DEVICE_GONE");
            assertThat(f.queue(0).isBroken()).isFalse();
            assertThatThrownBy(f.device::openQueue).as("the device may still use its memory")
                .isInstanceOf(BlockDeviceGoneException.class).hasMessageContaining("queue 0 is broken: closed with 2 requests");
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
