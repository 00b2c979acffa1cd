// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.virtio.blk.BlockQueueFullException;
import org.virtio.device.DeviceState;

/** A device that is suspended takes no more futures than it is told to: the fixture says 3. */
@Timeout(60)
class BacklogTest {
    private static final String FULL = "full: disk0 is suspended (it went), and 3 requests wait for it already (maxSuspended)";

    private static List<CompletableFuture<Void>> fill(Fixture f) {
        List<CompletableFuture<Void>> futures = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            futures.add(f.device.readAsync(512L * i, ByteBuffer.allocate(512)));
        }
        return futures;
    }

    private static void suspend(Fixture f) {
        f.queue(0).hold(true);
        f.fake.failure = "it went";
        f.fake.state = DeviceState.SUSPENDED;
    }

    private static void resume(Fixture f) {
        f.queue(0).hold(false);
        f.fake.state = DeviceState.READY;
    }

    @Test
    void whatIsTooMuchIsRefusedAndTheRestIsDoneWhenTheDeviceGoesOn() throws Exception {
        try (Fixture f = Fixture.of(Fixture.capable())) {
            for (int times = 0; times < 2; times++) {
                suspend(f);
                List<CompletableFuture<Void>> futures = fill(f);
                CompletableFuture<Void> refused = f.device.writeAsync(0, ByteBuffer.allocate(512));
                assertThat(refused).isCompletedExceptionally();
                assertThatThrownBy(refused::join).isInstanceOf(CompletionException.class).cause()
                    .isInstanceOf(BlockQueueFullException.class).hasMessage(FULL);
                assertThatThrownBy(f.device::flush).isInstanceOf(BlockQueueFullException.class).hasMessage(FULL);
                assertThat(futures).noneMatch(CompletableFuture::isDone);
                resume(f);
                f.device.read(0, ByteBuffer.allocate(512));
                CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new)).get(10, TimeUnit.SECONDS);
            }
        }
    }

    @Test
    void whatStillWaitsCountsInTheNextSuspensionAndNothingElse() throws Exception {
        try (Fixture f = Fixture.of(Fixture.capable())) {
            suspend(f);
            List<CompletableFuture<Void>> futures = fill(f);
            f.fake.state = DeviceState.READY;
            futures.add(f.device.readAsync(0, ByteBuffer.allocate(512)));
            f.fake.state = DeviceState.SUSPENDED;
            assertThatThrownBy(f.device::flush).as("they all wait still").isInstanceOf(BlockQueueFullException.class);
            f.queue(0).hold(false);
            f.queue(0).serve(futures.size());
            CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new)).get(10, TimeUnit.SECONDS);
            f.queue(0).hold(true);
            assertThat(fill(f)).as("none waits any more").noneMatch(CompletableFuture::isCompletedExceptionally);
            resume(f);
        }
    }

    @Test
    void aDeviceThatIsThereTakesAll() throws Exception {
        try (Fixture f = Fixture.of(Fixture.capable())) {
            f.queue(0).hold(true);
            List<CompletableFuture<Void>> futures = new ArrayList<>(fill(f));
            futures.addAll(fill(f));
            assertThat(futures).noneMatch(CompletableFuture::isDone);
            resume(f);
            f.device.read(0, ByteBuffer.allocate(512));
            CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new)).get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void theLimitIsChecked() {
        assertThatThrownBy(() -> new Settings(0, 0, -1)).isInstanceOf(IllegalArgumentException.class)
            .hasMessage("maxSuspended -1 is not from 0 to 100000000");
    }
}
