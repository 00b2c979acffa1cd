// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.ByteBuffer;
import java.nio.channels.NonWritableChannelException;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.virtio.blk.BlockQueue;
import org.virtio.device.DeviceAddress;
import org.virtio.device.VirtioException;
import org.virtio.memory.DmaBuffer;
import org.virtio.spec.BlkFeature;

/** What the driver does of what stands in a device's address. */
class AddressOptionsTest {
    private static FakeDevice at(String address) {
        FakeDevice fake = Fixture.capable();
        fake.address = address;
        return fake;
    }

    @Test
    void readOnlyDeviceIsNotWrittenTo() throws Exception {
        try (Fixture f = Fixture.of(at("fake:0?readonly=on")); BlockQueue queue = f.device.openQueue()) {
            assertThat(f.device.isReadOnly()).isTrue();
            assertThat(f.device.dump().readOnly).isTrue();
            long before = f.fake.disk.requests;
            DmaBuffer buffer = f.buffer(512, 1);
            for (ThrowingCallable write : List.<ThrowingCallable>of(
                    () -> f.device.write(0, ByteBuffer.allocate(512)), () -> f.device.write(0, buffer, 0, 512),
                    () -> f.device.discard(0, 512), () -> f.device.writeZeroes(0, 512, true),
                    () -> queue.write(0, buffer, 0, 512, f, "write"), () -> queue.discard(0, 512, f, "discard"),
                    () -> queue.writeZeroes(0, 512, true, f, "zeroes"))) {
                assertThatIllegalArgumentException().isThrownBy(write).withMessage("disk0 is read-only");
            }
            assertThatExceptionOfType(NonWritableChannelException.class)
                .isThrownBy(() -> f.device.channel().write(ByteBuffer.allocate(512)));
            assertThat(f.fake.disk.requests).isEqualTo(before);
            queue.read(0, buffer, 0, 512, f, "read");
            queue.flush(f, "flush");
            Fixture.finish(queue);
            assertThat(f.completions).containsExactlyInAnyOrder("read OK", "flush OK");
        }
    }

    @Test
    void whatIsOnlyReadMayGoOnAsADiskThatCanOnlyBeRead() throws Exception {
        try (Fixture f = Fixture.of(at("fake:0?readonly=on"))) {
            f.device.verify(f.fake.offered.with(BlkFeature.RO));
        }
        try (Fixture f = Fixture.of(at("fake:0?readonly=off"))) {
            assertThat(f.device.isReadOnly()).isFalse();
            assertThatExceptionOfType(VirtioException.class)
                .isThrownBy(() -> f.device.verify(f.fake.offered.with(BlkFeature.RO)));
        }
    }

    @Test
    void threadThatPollsDoesNotSleep() throws Exception {
        try (Fixture f = Fixture.of(at("fake:0?mode=poll"), 0, 1000); BlockQueue queue = f.device.openQueue()) {
            f.queue(0).hold(true);
            Thread server = new Thread(() -> {
                try {
                    f.queue(0).awaitAvailable(1);
                    f.queue(0).serve(1);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            server.start();
            queue.read(0, f.buffer(512, 1), 0, 512, f, "read");
            assertThat(queue.await(1, Long.MAX_VALUE)).isEqualTo(1);
            server.join();
            queue.read(0, f.buffer(512, 1), 0, 512, f, "held");
            assertThat(queue.await(1, 1000)).as("the time limit holds all the same").isZero();
            f.queue(0).serve(1);
            Fixture.finish(queue);
            assertThat(f.fake.queues).allMatch(each -> each.awaits == 0);
        }
    }

    @Test
    void pollerThatDoesNotSleepGivesUpMemoryThatItDoesNotNeedAllTheSame() throws Exception {
        try (Fixture f = Fixture.of(at("fake:0?mode=poll"), 0, 1000)) {
            f.device.flush();
            long before = f.fake.memory.allocated();
            f.device.read(0, ByteBuffer.allocate(512));
            while (f.fake.memory.allocated() > before) {
                Thread.onSpinWait();
            }
            assertThat(f.fake.queues).allMatch(queue -> queue.awaits == 0);
        }
    }

    @Test
    void otherDevicesWaitAsTheDriverIsConfigured() {
        Settings driver = new Settings(7, 8, 3);
        DeviceSettings settings = DeviceSettings.of(DeviceAddress.parse("fake:0?mode=wait"), driver);
        assertThat(settings.spinNanos()).isEqualTo(7_000);
        driver.update(9, 8, 3);
        assertThat(settings.spinNanos()).isEqualTo(9_000);
        assertThat(settings.drainNanos()).isEqualTo(8_000_000);
    }
}
