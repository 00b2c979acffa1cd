// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.virtio.blk.BlockCallback;
import org.virtio.blk.BlockQueue;
import org.virtio.device.DeviceState;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueResult;
import org.virtio.spec.BlkConfigLayout;
import org.virtio.spec.BlkFeature;

@Timeout(60)
class BlkQueueTest {
    @Test
    void whatIsWrittenIsReadBack() throws Exception {
        try (Fixture f = Fixture.of(Fixture.capable()); BlockQueue queue = f.device.openQueue()) {
            DmaBuffer source = f.buffer(8192, 1);
            DmaBuffer target = f.buffer(8192, 2);
            assertThat(queue.write(4096, source, 4096, 4096, f, "write")).isEqualTo(QueueResult.OK);
            assertThat(f.queue(0).flushes).as("nothing is published before submit").isZero();
            Fixture.finish(queue);
            assertThat(queue.read(4096, target, 0, 4096, f, "read")).isEqualTo(QueueResult.OK);
            assertThat(queue.flush(f, "flush")).isEqualTo(QueueResult.OK);
            queue.submit();
            assertThat(queue.poll(64)).isEqualTo(2);

            assertThat(f.completions).containsExactlyInAnyOrder("write OK", "read OK", "flush OK").startsWith("write OK");
            assertThat(target.bytes().slice(0, 4096)).isEqualTo(source.bytes().slice(4096, 4096));
            assertThat(f.fake.disk.flushes).isEqualTo(1);
            assertThat(f.fake.disk.violations).isEmpty();
        }
    }

    @Test
    void aBufferThatTheDeviceDoesNotKnowIsRefused() throws Exception {
        try (Fixture f = Fixture.of(Fixture.capable()); BlockQueue queue = f.device.openQueue()) {
            DmaBuffer closed = f.buffer(512, 1);
            closed.close();
            for (DmaBuffer buffer : new DmaBuffer[] {new FakeMemory().allocate(512), closed}) {
                assertThatThrownBy(() -> queue.read(0, buffer, 0, 512, f, null)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("the buffer is closed or not of the memory of disk0");
                assertThatThrownBy(() -> queue.write(0, buffer, 0, 512, f, null)).isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> queue.getId(buffer, 0, f, null)).isInstanceOf(IllegalArgumentException.class);
            }
            assertThat(queue.inFlight()).isZero();
        }
    }

    @Test
    void statusAndWrittenLengthBecomeResults() throws Exception {
        try (Fixture f = Fixture.of(Fixture.capable()); BlockQueue queue = f.device.openQueue()) {
            DmaBuffer buffer = f.buffer(512, 1);
            FakeDisk disk = f.fake.disk;
            for (int status : new int[] {1, 2, 3, 0xff}) {
                disk.answer = (type, sector) -> status;
                queue.read(0, buffer, 0, 512, f, "read " + status);
                Fixture.finish(queue);
            }
            disk.writtenError = -1;
            disk.answer = (type, sector) -> 1;
            queue.write(0, buffer, 0, 512, f, "error, nothing written");
            Fixture.finish(queue);
            disk.answer = (type, sector) -> 0;
            queue.write(0, buffer, 0, 512, f, "success, nothing written");
            Fixture.finish(queue);
            queue.read(0, buffer, 0, 512, f, "success, one byte short");
            Fixture.finish(queue);
            disk.writtenError = 0;
            disk.leaveStatus = true;
            queue.read(0, buffer, 0, 512, f, "status left alone");
            Fixture.finish(queue);

            assertThat(f.completions).containsExactly("read 1 IO_ERROR", "read 2 UNSUPPORTED", "read 3 BAD_RESPONSE",
                "read 255 BAD_RESPONSE", "error, nothing written IO_ERROR", "success, nothing written BAD_RESPONSE",
                "success, one byte short BAD_RESPONSE", "status left alone BAD_RESPONSE");
        }
    }

    @Test
    void whatTheDeviceDoesNotOfferCompletesWithoutIt() throws Exception {
        FakeDevice plain = new FakeDevice();
        plain.offered = plain.offered.without(BlkFeature.FLUSH);
        try (Fixture f = Fixture.of(plain); BlockQueue queue = f.device.openQueue()) {
            DmaBuffer buffer = f.buffer(512, 1);
            queue.flush(f, "flush");
            queue.discard(0, 512, f, "discard");
            queue.writeZeroes(0, 512, true, f, "zeroes");
            queue.read(0, buffer, 0, 0, f, "nothing");
            assertThat(f.completions).as("callbacks come from poll alone").isEmpty();
            assertThat(queue.inFlight()).isEqualTo(4);
            assertThat(queue.poll(1)).isEqualTo(4);

            assertThat(f.completions).containsExactly("flush OK", "discard UNSUPPORTED", "zeroes UNSUPPORTED", "nothing OK");
            assertThat(f.fake.disk.requests).isZero();
        }
    }

    @Test
    void unmapIsAskedForOnlyWhereItMayBe() throws Exception {
        FakeDevice never = Fixture.capable().config(BlkConfigLayout.WRITE_ZEROES_MAY_UNMAP, 1, 0);
        try (Fixture f = Fixture.of(never); BlockQueue queue = f.device.openQueue()) {
            queue.writeZeroes(0, 512, true, f, "zeroes");
            Fixture.finish(queue);
            assertThat(f.fake.disk.unmaps).isZero();
        }
        try (Fixture f = Fixture.of(Fixture.capable()); BlockQueue queue = f.device.openQueue()) {
            queue.writeZeroes(0, 512, true, f, "zeroes");
            queue.writeZeroes(512, 512, false, f, "zeroes");
            queue.discard(1024, 512, f, "discard");
            Fixture.finish(queue);
            assertThat(f.fake.disk.unmaps).isEqualTo(1);
            assertThat(f.fake.disk.violations).isEmpty();
        }
    }

    @Test
    void fullMeansThatNothingWasEntered() throws Exception {
        FakeDevice small = Fixture.capable();
        small.queueSize = 8;
        try (Fixture f = Fixture.of(small); BlockQueue queue = f.device.openQueue()) {
            DmaBuffer buffer = f.buffer(512, 1);
            assertThat(queue.read(0, buffer, 0, 512, f, 0)).isEqualTo(QueueResult.OK);
            assertThat(queue.read(0, buffer, 0, 512, f, 1)).isEqualTo(QueueResult.OK);
            assertThat(queue.read(0, buffer, 0, 512, f, 2)).isEqualTo(QueueResult.FULL);
            assertThat(queue.inFlight()).isEqualTo(2);
            Fixture.finish(queue);
            assertThat(f.completions).containsExactlyInAnyOrder("0 OK", "1 OK");
            assertThat(queue.read(0, buffer, 0, 512, f, 3)).isEqualTo(QueueResult.OK);
        }
    }

    @Test
    void aRequestLargerThanTheQueueIsEnteredAsCompletionsArrive() throws Exception {
        FakeDevice narrow = Fixture.capable().offer(BlkFeature.SIZE_MAX, BlkConfigLayout.SIZE_MAX, 4, 512)
            .config(BlkConfigLayout.SEG_MAX, 4, 2);
        narrow.queueSize = 8;
        try (Fixture f = Fixture.of(narrow); BlockQueue queue = f.device.openQueue()) {
            DmaBuffer source = f.buffer(100 * 512, 3);
            DmaBuffer target = f.buffer(100 * 512, 4);
            assertThat(queue.write(512, source, 0, 100 * 512, f, "write")).isEqualTo(QueueResult.OK);
            assertThat(queue.inFlight()).isEqualTo(1);
            assertThat(queue.flush(f, "flush")).as("small ones do not overtake a large one").isEqualTo(QueueResult.FULL);
            Fixture.finish(queue);
            assertThat(queue.read(512, target, 0, 100 * 512, f, "read")).isEqualTo(QueueResult.OK);
            Fixture.finish(queue);

            assertThat(f.completions).containsExactly("write OK", "read OK");
            assertThat(Fixture.bytes(target)).isEqualTo(Fixture.bytes(source));
            assertThat(f.fake.disk.requests).isEqualTo(100);
            assertThat(f.fake.disk.violations).isEmpty();
        }
    }

    @Test
    void smallRequestsDoNotOvertakeALargeOneThatWaits() throws Exception {
        FakeDevice narrow = Fixture.capable().offer(BlkFeature.SIZE_MAX, BlkConfigLayout.SIZE_MAX, 4, 512)
            .config(BlkConfigLayout.SEG_MAX, 4, 1);
        narrow.queueSize = 6;
        try (Fixture f = Fixture.of(narrow); BlockQueue queue = f.device.openQueue()) {
            f.queue(0).hold(true);
            DmaBuffer buffer = f.buffer(4 * 512, 1);
            BlockCallback small = (context, result) -> {
                assertThat(f.queue(0).freeDescriptors()).as("there is room").isGreaterThanOrEqualTo(3);
                f.completions.add("flush " + QueueResult.toString(queue.flush(f, null)));
                f.completions.add("read " + QueueResult.toString(queue.read(0, buffer, 0, 512, f, null)));
                f.completions.add("discard " + QueueResult.toString(queue.discard(0, 512, f, null)));
                f.completions.add("id " + QueueResult.toString(queue.getId(buffer, 0, f, null)));
            };
            queue.read(0, buffer, 0, 512, small, null);
            queue.read(0, buffer, 0, 4 * 512, f, "large");
            queue.submit();
            f.queue(0).hold(false);
            f.queue(0).serve(2);
            Fixture.finish(queue);
            assertThat(f.completions).containsExactly("flush FULL", "read FULL", "discard FULL", "id FULL", "large OK");
        }
    }

    @Test
    void aRequestBetweenTwoOfItsPartsFailsToo() throws Exception {
        for (int seed = 0; seed < 10; seed++) {
            FakeDevice narrow = Fixture.capable().offer(BlkFeature.SIZE_MAX, BlkConfigLayout.SIZE_MAX, 4, 512)
                .config(BlkConfigLayout.SEG_MAX, 4, 1);
            narrow.queueSize = 6;
            narrow.seed = seed;
            try (Fixture f = Fixture.of(narrow); BlockQueue queue = f.device.openQueue()) {
                f.queue(0).hold(true);
                DmaBuffer buffer = f.buffer(4 * 512, 1);
                queue.read(0, buffer, 0, 512, (context, result) -> f.queue(0).breakQueue("the device lied"), null);
                queue.read(0, buffer, 0, 4 * 512, f, "large");
                queue.submit();
                f.queue(0).serve(2);
                Fixture.finish(queue);
                assertThat(f.completions).containsExactly("large DEVICE_GONE");
            }
        }
    }

    @Test
    void aPartThatFailsFailsTheWholeOnceAndEntersNoMore() throws Exception {
        FakeDevice narrow = Fixture.capable().offer(BlkFeature.SIZE_MAX, BlkConfigLayout.SIZE_MAX, 4, 512)
            .config(BlkConfigLayout.SEG_MAX, 4, 1);
        narrow.queueSize = 8;
        try (Fixture f = Fixture.of(narrow); BlockQueue queue = f.device.openQueue()) {
            f.fake.disk.answer = (type, sector) -> sector == 1 ? 1 : 0;
            queue.read(0, f.buffer(50 * 512, 3), 0, 50 * 512, f, "read");
            Fixture.finish(queue);
            queue.flush(f, "flush");
            Fixture.finish(queue);

            assertThat(f.completions).containsExactly("read IO_ERROR", "flush OK");
            assertThat(f.fake.disk.requests).isLessThan(10);
        }
    }

    @Test
    void callbacksMayEnterRequests() throws Exception {
        try (Fixture f = Fixture.of(Fixture.capable()); BlockQueue queue = f.device.openQueue()) {
            DmaBuffer buffer = f.buffer(512, 1);
            int[] left = {1000};
            BlockCallback again = new BlockCallback() {
                @Override
                public void completed(Object context, int result) {
                    if (--left[0] > 0) {
                        assertThat(queue.read(0, buffer, 0, 512, this, null)).isEqualTo(QueueResult.OK);
                        queue.submit();
                    }
                }
            };
            queue.read(0, buffer, 0, 512, again, null);
            Fixture.finish(queue);
            assertThat(left[0]).isZero();
        }
    }

    @Test
    void allInFlightFailOnceWhenTheDeviceDoes() throws Exception {
        FakeDevice fake = Fixture.capable();
        fake.queueSize = 512;
        try (Fixture f = Fixture.of(fake); BlockQueue queue = f.device.openQueue()) {
            DmaBuffer buffer = f.buffer(512, 1);
            f.queue(0).hold(true);
            for (int i = 0; i < 127; i++) {
                assertThat(queue.read(0, buffer, 0, 512, f, i)).isEqualTo(QueueResult.OK);
            }
            queue.submit();
            assertThat(queue.read(0, buffer, 0, 512, f, "not submitted")).isEqualTo(QueueResult.OK);
            fake.fail("connection lost");

            assertThat(queue.await(1, 0)).isEqualTo(128);
            assertThat(f.completions).hasSize(128).doesNotHaveDuplicates()
                .allMatch(completion -> completion.endsWith(" DEVICE_GONE"));
            assertThat(queue.failure()).isEqualTo("connection lost");
            assertThat(queue.inFlight()).isZero();
            assertThat(queue.read(0, buffer, 0, 512, f, "late")).isEqualTo(QueueResult.BROKEN);
            assertThat(queue.flush(f, "late")).isEqualTo(QueueResult.BROKEN);
            assertThat(queue.poll(64)).isZero();
        }
    }

    @Test
    void aRequestThatWasNotEnteredToItsEndFailsToo() throws Exception {
        FakeDevice narrow = Fixture.capable().offer(BlkFeature.SIZE_MAX, BlkConfigLayout.SIZE_MAX, 4, 512);
        narrow.queueSize = 8;
        try (Fixture f = Fixture.of(narrow); BlockQueue queue = f.device.openQueue()) {
            f.queue(0).hold(true);
            assertThat(queue.read(0, f.buffer(100 * 512, 1), 0, 100 * 512, f, "large")).isEqualTo(QueueResult.OK);
            queue.submit();
            f.queue(0).breakQueue("the device lied");
            assertThat(queue.poll(1)).isEqualTo(1);
            assertThat(f.completions).containsExactly("large DEVICE_GONE");
        }
    }

    @Test
    void closingCompletesWhatIsInFlight() throws Exception {
        try (Fixture f = Fixture.of(Fixture.capable())) {
            BlockQueue queue = f.device.openQueue();
            DmaBuffer buffer = f.buffer(512, 1);
            BlockCallback late = (context, result) ->
                f.completions.add(QueueResult.toString(queue.read(0, buffer, 0, 512, f, null)));
            queue.read(0, buffer, 0, 512, late, null);
            queue.close();
            queue.close();

            assertThat(f.completions).as("no new request while closing").containsExactly("BROKEN");
            assertThat(queue.failure()).isNull();
            assertThat(f.queue(0).owner).isNull();
            try (BlockQueue again = f.device.openQueue()) {
                assertThat(again.index()).isZero();
            }
        }
    }

    @Test
    void closingGivesUpOnADeviceThatDoesNotAnswer() throws Exception {
        try (Fixture f = Fixture.of(Fixture.capable(), 0, 1)) {
            BlockQueue queue = f.device.openQueue();
            f.queue(0).hold(true);
            queue.read(0, f.buffer(512, 1), 0, 512, f, "read");
            queue.submit();
            queue.close();

            assertThat(f.completions).containsExactly("read DEVICE_GONE");
            assertThat(queue.failure()).isEqualTo("closed with 1 requests in flight, which the device did not complete in 1 ms");
            assertThatThrownBy(f.device::openQueue).hasMessageContaining("queue 0 is broken: closed with 1 requests");
        }
    }

    @Test
    void closingWaitsForADeviceThatIsAway() throws Exception {
        try (Fixture f = Fixture.of(Fixture.capable(), 0, 1)) {
            BlockQueue queue = f.device.openQueue();
            f.queue(0).hold(true);
            queue.read(0, f.buffer(512, 1), 0, 512, f, "read");
            queue.submit();
            f.fake.state = DeviceState.SUSPENDED;
            int before = f.fake.stateReads.get();
            Thread device = new Thread(() -> {
                while (f.fake.stateReads.get() < before + 10) {
                    Thread.onSpinWait();
                }
                f.queue(0).hold(false);
                f.fake.state = DeviceState.READY;
            });
            device.start();
            queue.close();
            device.join();
            assertThat(f.completions).containsExactly("read OK");
            assertThat(queue.failure()).isNull();
        }
    }

    @Test
    void aForeignThreadMayNotClose() throws Exception {
        try (Fixture f = Fixture.of(Fixture.capable()); BlockQueue queue = f.device.openQueue()) {
            assertThatThrownBy(() -> CompletableFuture.runAsync(queue::close).join())
                .isInstanceOf(CompletionException.class).hasCauseInstanceOf(IllegalStateException.class);
            assertThat(f.queue(0).owner).isSameAs(Thread.currentThread());
        }
    }

    @Test
    void aBufferThatTheQueueRefusesLeavesNoHalfRequest() throws Exception {
        try (Fixture f = Fixture.of(Fixture.capable()); BlockQueue queue = f.device.openQueue()) {
            DmaBuffer refused = f.buffer(512, 1);
            f.fake.memory.failing = true;
            assertThatThrownBy(() -> queue.read(0, refused, 0, 512, f, "refused")).isInstanceOf(IllegalStateException.class);
            f.fake.memory.failing = false;
            assertThat(queue.inFlight()).isZero();
            queue.write(0, f.buffer(512, 1), 0, 512, f, "write");
            Fixture.finish(queue);
            assertThat(f.completions).containsExactly("write OK");
            assertThat(f.fake.disk.requests).isEqualTo(1);
        }
    }

    @Test
    void getIdFillsTwentyBytes() throws Exception {
        try (Fixture f = Fixture.of(Fixture.capable()); BlockQueue queue = f.device.openQueue()) {
            f.fake.disk.id = "0123456789abcdefghijklmn";
            DmaBuffer buffer = f.buffer(64, 1);
            queue.getId(buffer, 4, f, "id");
            Fixture.finish(queue);
            assertThat(f.completions).containsExactly("id OK");
            byte[] id = new byte[20];
            buffer.bytes().get(4, id);
            assertThat(new String(id, StandardCharsets.US_ASCII)).isEqualTo("0123456789abcdefghij");
        }
    }

    @Test
    void awaitSleepsUntilTheDeviceNotifies() throws Exception {
        try (Fixture f = Fixture.of(Fixture.capable()); BlockQueue queue = f.device.openQueue()) {
            f.queue(0).hold(true);
            Thread server = new Thread(() -> {
                try {
                    f.queue(0).awaitAsleep();
                    f.queue(0).serve(1);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            server.start();
            queue.read(0, f.buffer(512, 1), 0, 512, f, "read");
            assertThat(queue.await(1, Long.MAX_VALUE / 2)).isEqualTo(1);
            assertThat(f.queue(0).awaits).isEqualTo(1);
            assertThat(queue.await(1, Long.MAX_VALUE / 2)).as("with nothing in flight").isZero();
            server.join();
        }
    }
}
