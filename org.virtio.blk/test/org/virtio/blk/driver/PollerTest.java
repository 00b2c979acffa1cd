// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.virtio.blk.BlockDeviceGoneException;
import org.virtio.blk.BlockException;
import org.virtio.blk.BlockIoErrorException;
import org.virtio.blk.BlockQueue;
import org.virtio.blk.BlockUnsupportedException;
import org.virtio.memory.DmaBuffer;
import org.virtio.spec.BlkConfigLayout;

@Timeout(120)
class PollerTest {
    private static FakeDevice withQueues(int queues) {
        return Fixture.capable().config(BlkConfigLayout.NUM_QUEUES, 2, queues);
    }

    @Test
    void noWakeUpIsLost() throws Exception {
        try (Fixture f = Fixture.of(withQueues(1))) {
            DmaBuffer buffer = f.buffer(512, 1);
            List<Thread> threads = new ArrayList<>();
            AtomicInteger done = new AtomicInteger();
            for (int i = 0; i < 3; i++) {
                Thread thread = new Thread(() -> {
                    for (int n = 0; n < 10_000; n++) {
                        f.device.readAsync(0, buffer, 0, 512).join();
                        done.incrementAndGet();
                    }
                });
                thread.start();
                threads.add(thread);
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(done).hasValue(30_000);
            assertThat(f.queue(0).awaits).as("with no spin time it slept").isPositive();
        }
    }

    @Test
    void noNotificationIsLost() throws Exception {
        try (Fixture f = Fixture.of(withQueues(1))) {
            f.queue(0).hold(true);
            Thread server = new Thread(() -> {
                try {
                    f.queue(0).serveForever();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            server.start();
            ByteBuffer data = ByteBuffer.allocate(512);
            for (int i = 0; i < 10_000; i++) {
                f.device.read(0, data.clear());
            }
            f.queue(0).breakQueue("the test is over");
            server.join();
        }
    }

    @Test
    void anIdlePollerSleeps() throws Exception {
        try (Fixture f = Fixture.of(withQueues(1), 1000, 1000)) {
            assertThat(f.queue(0).owner).as("no poller before the first request").isNull();
            f.device.flush();
            f.queue(0).awaitAsleep();
            assertThat(f.queue(0).awaitNanos).as("not to look again every so often").isEqualTo(TimeUnit.HOURS.toNanos(1));
            assertThat(f.queue(0).owner.getName()).isEqualTo("virtio-blk disk0 queue 0");
            assertThat(f.queue(0).owner.isDaemon()).isTrue();
        }
    }

    @Test
    void all128InFlightFailOnceWithTheReason() throws Exception {
        FakeDevice fake = withQueues(1);
        fake.queueSize = 512;
        try (Fixture f = Fixture.of(fake)) {
            f.queue(0).hold(true);
            AtomicInteger ended = new AtomicInteger();
            List<CompletableFuture<Void>> futures = new ArrayList<>();
            for (int i = 0; i < 128; i++) {
                futures.add(i % 2 == 0 ? f.device.readAsync(512L * i, ByteBuffer.allocate(512))
                    : f.device.writeAsync(512L * i, f.buffer(512, i), 0, 512));
                futures.get(i).whenComplete((ok, failure) -> ended.incrementAndGet());
            }
            f.queue(0).awaitAvailable(128);
            fake.fail("back end closed the connection");
            for (int i = 0; i < 128; i++) {
                String operation = i % 2 == 0 ? "read" : "write";
                assertThat(catchThrowable(futures.get(i)::join).getCause()).isInstanceOf(BlockDeviceGoneException.class)
                    .hasMessage("%s of 512 bytes at position %d of disk0: back end closed the connection", operation, 512 * i);
            }
            assertThat(ended).hasValue(128);
            assertThat(f.queue(0).inFlightWhenBroken).isEqualTo(128);
            assertThatThrownBy(f.device::flush).isInstanceOf(BlockDeviceGoneException.class)
                .hasMessageContaining("queue 0 is broken: back end closed the connection");
        }
    }

    @Test
    void otherQueuesGoOn() throws Exception {
        try (Fixture f = Fixture.of(withQueues(2))) {
            f.device.flush();
            FakeQueue first = f.queue(0).owner == null ? f.queue(1) : f.queue(0);
            Thread poller = first.owner;
            first.breakQueue("the device lied");
            poller.join();
            f.device.flush();
            assertThat(f.fake.disk.flushes).isEqualTo(2);
        }
    }

    @Test
    void failuresAreDistinctAndSayWhat() throws Exception {
        try (Fixture f = Fixture.of(withQueues(1))) {
            FakeDisk disk = f.fake.disk;
            ByteBuffer data = ByteBuffer.allocate(1024);
            disk.answer = (type, sector) -> 1;
            assertThatThrownBy(() -> f.device.read(512, data)).isInstanceOf(BlockIoErrorException.class)
                .hasMessage("read of 1024 bytes at position 512 of disk0: the device reports an I/O error");
            assertThat(data.position()).isZero();
            disk.answer = (type, sector) -> 2;
            assertThatThrownBy(() -> f.device.discard(0, 512)).isInstanceOf(BlockUnsupportedException.class)
                .hasMessage("discard of 512 bytes at position 0 of disk0: the device does not support it");
            disk.answer = (type, sector) -> 77;
            assertThatThrownBy(f.device::flush).isExactlyInstanceOf(BlockException.class).hasMessage(
                "flush of disk0: the device returned no valid status, or wrote less than it had to");
            assertThatThrownBy(() -> f.device.write(1, data)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("position 1 is not a multiple of the block size 512");
            assertThatThrownBy(() -> f.device.read(0, data.asReadOnlyBuffer())).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void largeTransfersArePipelinedWithinTheBudgetAndDoNotBlockSmallOnes() throws Exception {
        FakeDevice fake = withQueues(1).capacity(80 << 11);
        fake.queueSize = 512;
        try (Fixture f = Fixture.of(fake)) {
            f.queue(0).hold(true);
            byte[] data = Fixture.pattern(64 << 20, 5);
            CompletableFuture<Void> large = f.device.writeAsync(0, ByteBuffer.wrap(data));
            CompletableFuture<Void> small = f.device.flushAsync();
            f.queue(0).awaitAvailable(16);
            assertThat(fake.memory.allocated()).isLessThan(17 << 20);
            f.queue(0).hold(false);
            f.queue(0).serve(1000);
            large.join();
            small.join();
            ByteBuffer back = ByteBuffer.allocateDirect(data.length);
            f.device.read(0, back);
            assertThat(back.hasRemaining()).isFalse();
            assertThat(back.flip()).isEqualTo(ByteBuffer.wrap(data));
        }
    }

    @Test
    void aBufferOfAnotherDeviceIsCopied() throws Exception {
        try (Fixture f = Fixture.of(withQueues(1))) {
            DmaBuffer source = new FakeMemory().allocate(2048);
            source.bytes().put(0, Fixture.pattern(2048, 3));
            DmaBuffer target = new FakeMemory().allocate(2048);
            long before = f.fake.memory.allocated();
            f.device.write(512, source, 1024, 1024);
            assertThat(f.fake.memory.allocated()).isGreaterThan(before);
            f.device.read(512, target, 512, 1024);
            assertThat(target.bytes().slice(512, 1024)).isEqualTo(source.bytes().slice(1024, 1024));
            assertThat(target.bytes().get(511)).isZero();
            assertThat(target.bytes().get(1536)).isZero();
            assertThat(source.bytes().position()).isZero();
        }
    }

    @Test
    void withoutSharedMemoryARequestFailsAndTheNextOneMayDo() throws Exception {
        try (Fixture f = Fixture.of(withQueues(1))) {
            f.fake.memory.capacity(f.fake.memory.allocated());
            assertThatThrownBy(() -> f.device.read(0, ByteBuffer.allocate(4096))).isInstanceOf(BlockException.class)
                .hasMessageContaining("4096 bytes asked for, 0 left");
            f.fake.memory.capacity(1 << 20);
            f.device.read(0, ByteBuffer.allocate(4096));
        }
    }

    @Test
    void aThreadThatCompletesRequestsMayNotWaitForOne() throws Exception {
        try (Fixture f = Fixture.of(withQueues(1))) {
            f.queue(0).hold(true);
            CompletableFuture<Void> dependent = f.device.flushAsync().thenRun(() -> {
                assertThatThrownBy(f.device::flush).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(f.device::id).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(f.device::openQueue).isInstanceOf(IllegalStateException.class);
                assertThat(f.device.dump().id).isNull();
            });
            f.queue(0).awaitAvailable(1);
            f.queue(0).hold(false);
            f.queue(0).serve(1);
            dependent.join();
            assertThat(f.fake.disk.requests).isEqualTo(1);
        }
    }

    @Test
    void closingFailsWhatIsPendingAndEndsThePollers() throws Exception {
        FakeDevice fake = withQueues(1);
        fake.queueSize = 4;
        Fixture f = Fixture.of(fake, 0, 1);
        f.queue(0).hold(true);
        CompletableFuture<Void> entered = f.device.flushAsync();
        f.queue(0).awaitAvailable(1);
        Thread poller = f.queue(0).owner;
        CompletableFuture<Void> waiting = f.device.readAsync(0, ByteBuffer.allocate(512));
        f.device.close("the device is being detached");

        for (CompletableFuture<Void> future : List.of(entered, waiting)) {
            assertThatThrownBy(future::join).isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(BlockDeviceGoneException.class).hasMessageEndingWith(": the device is being detached");
        }
        assertThat(poller.isAlive()).isFalse();
        assertThat(f.queue(0).owner).isNull();
        assertThatThrownBy(f.device::flush).isInstanceOf(BlockDeviceGoneException.class)
            .hasMessage("disk0: the device is being detached");
        assertThatThrownBy(f.device::openQueue).isInstanceOf(BlockDeviceGoneException.class);
    }

    @Test
    void allMemoryIsGivenBack() throws Exception {
        FakeDevice fake = withQueues(2);
        Fixture f = Fixture.of(fake);
        f.device.write(0, ByteBuffer.allocate(100 * 512));
        f.device.id();
        f.device.openQueue().close();
        f.close();
        assertThat(fake.memory.allocated()).isZero();
    }

    @Test
    void anOwnerTakesOverFromAPollerOnlyWhatNobodyElseCan() throws Exception {
        try (Fixture f = Fixture.of(withQueues(2))) {
            f.device.flush();
            try (BlockQueue one = f.device.openQueue()) {
                assertThat(f.queue(1 - one.index()).owner).as("the free one was taken").isInstanceOf(Poller.class);
                f.queue(1 - one.index()).hold(true);
                CompletableFuture<Void> inFlight = f.device.flushAsync();
                f.queue(1 - one.index()).awaitAvailable(1);
                Thread server = new Thread(() -> {
                    f.queue(1 - one.index()).hold(false);
                    f.queue(1 - one.index()).serve(1);
                });
                server.start();
                try (BlockQueue other = f.device.openQueue()) {
                    assertThat(inFlight).as("finished before the queue was given up").isCompleted();
                    assertThat(other.index()).isEqualTo(1 - one.index());
                    String name = Thread.currentThread().getName();
                    assertThatThrownBy(f.device::flush).isExactlyInstanceOf(BlockException.class).hasMessage(
                        "no queue of disk0 is left: queue 0 is owned by thread '%s'; queue 1 is owned by thread '%s'",
                        name, name);
                    assertThatThrownBy(f.device::openQueue).isExactlyInstanceOf(BlockException.class);
                }
                server.join();
                f.device.flush();
            }
        }
    }

    @Test
    void whatReachesAPollerThatEndsGoesToAnother() throws Exception {
        try (Fixture f = Fixture.of(withQueues(1))) {
            f.device.flush();
            f.queue(0).awaitAsleep();
            Poller poller = (Poller) f.queue(0).owner;
            DirectSubmission justBefore = new DirectSubmission("just before the end", RequestEngine::flush);
            DirectSubmission after = new DirectSubmission("after the end", RequestEngine::flush);
            f.fake.afterRelease = () -> {
                f.fake.afterRelease = () -> { };
                poller.submit(justBefore);
            };
            poller.handOver();
            poller.join();
            justBefore.future.join();
            poller.submit(after);
            after.future.join();
            assertThat(f.fake.disk.flushes).isEqualTo(3);
        }
    }

    @Test
    void requestsGoOnWhileQueuesChangeHands() throws Exception {
        try (Fixture f = Fixture.of(withQueues(2))) {
            AtomicInteger completed = new AtomicInteger();
            Thread submitter = new Thread(() -> {
                for (int i = 0; i < 20_000; i++) {
                    f.device.flushAsync().join();
                    completed.incrementAndGet();
                }
            });
            submitter.start();
            int taken = 0;
            while (submitter.isAlive()) {
                try (BlockQueue queue = f.device.openQueue()) {
                    queue.flush((context, result) -> { }, null);
                    taken++;
                }
            }
            assertThat(completed).hasValue(20_000);
            assertThat(taken).isPositive();
        }
    }
}
