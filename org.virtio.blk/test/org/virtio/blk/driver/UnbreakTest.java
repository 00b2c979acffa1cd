// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.virtio.blk.BlockCallback;
import org.virtio.blk.BlockQueue;
import org.virtio.memory.DmaBuffer;
import org.virtio.spec.BlkConfigLayout;
import org.virtio.spec.BlkFeature;

/** Somebody breaks a queue and makes it work again while its owner is at work. */
@Timeout(60)
class UnbreakTest {
    /** Between the poll that finds the queue broken and what follows from it. */
    private static void unbreakJustInTime(Fixture f) {
        FakeQueue queue = f.queue(0);
        queue.beforeDetach = () -> {
            queue.beforeDetach = () -> { };
            queue.unbreak();
        };
        queue.breakQueue("for a while");
    }

    @Test
    void aQueueThatWorksAgainJustInTimeFailsNothing() throws Exception {
        FakeDevice narrow = Fixture.capable().offer(BlkFeature.SIZE_MAX, BlkConfigLayout.SIZE_MAX, 4, 512)
            .config(BlkConfigLayout.SEG_MAX, 4, 1);
        narrow.queueSize = 6;
        try (Fixture f = Fixture.of(narrow); BlockQueue queue = f.device.openQueue()) {
            f.queue(0).hold(true);
            DmaBuffer buffer = f.buffer(4 * 512, 1);
            queue.read(0, buffer, 0, 512, f, "small");
            queue.read(0, buffer, 0, 4 * 512, f, "large");
            queue.submit();
            unbreakJustInTime(f);
            assertThat(queue.poll(64)).isZero();
            assertThat(f.completions).isEmpty();
            f.queue(0).hold(false);
            f.queue(0).serve(2);
            Fixture.finish(queue);
            queue.read(0, buffer, 0, 512, f, "next");
            Fixture.finish(queue);
            assertThat(f.completions).containsExactlyInAnyOrder("small OK", "large OK", "next OK");
            assertThat(queue.failure()).isNull();
        }
    }

    @Test
    void aPollerGoesOn() throws Exception {
        try (Fixture f = Fixture.of(Fixture.capable())) {
            f.queue(0).hold(true);
            CompletableFuture<Void> flush = f.device.flushAsync();
            f.queue(0).awaitAvailable(1);
            f.queue(0).awaitAsleep();
            Thread poller = f.queue(0).owner;
            unbreakJustInTime(f);
            while (f.queue(0).isBroken() && poller.isAlive()) {
                Thread.sleep(1);
            }
            f.queue(0).hold(false);
            f.queue(0).serve(1);
            flush.join();
            f.device.flush();
            assertThat(f.queue(0).owner).isSameAs(poller);
        }
    }

    @Test
    void whatACallbackThrowsIsNotTakenForIt() throws Exception {
        try (Fixture f = Fixture.of(Fixture.capable()); BlockQueue queue = f.device.openQueue()) {
            f.queue(0).hold(true);
            BlockCallback failing = (context, result) -> {
                f.completed(context, result);
                throw new IllegalStateException("a callback that fails");
            };
            queue.read(0, f.buffer(512, 1), 0, 512, failing, "first");
            queue.read(0, f.buffer(512, 1), 0, 512, f, "second");
            queue.submit();
            f.queue(0).breakQueue("the device lied");
            assertThat(catchThrowable(() -> queue.poll(64))).hasMessage("a callback that fails");
            queue.poll(64);
            assertThat(f.completions).containsExactly("first DEVICE_GONE", "second DEVICE_GONE");
            assertThat(queue.inFlight()).isZero();
        }
    }
}
