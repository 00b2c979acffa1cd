// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.virtio.core.fake.Await;
import org.virtio.device.DeviceDTO;
import org.virtio.device.DeviceListener;
import org.virtio.device.DeviceState;
import org.virtio.device.VirtioDevice;
import org.virtio.device.VirtioException;

/** Listeners, and the snapshot. */
class DeviceLifeTest extends DeviceFixture {
    @Test
    void aListenerMayActOnTheDeviceAndHearsOfThatLater() throws VirtioException {
        open();
        device.addListener(new DeviceListener() {
            @Override
            public void stateChanged(VirtioDevice changed, DeviceState state) {
                news.add("begin " + state);
                if (state == DeviceState.READY) {
                    changed.stop();
                }
                news.add("end " + state);
            }
        });
        device.negotiate(DRIVER);
        device.start(1, 1);
        assertThat(news).containsExactly("READY", "begin READY", "end READY", "OPEN", "begin OPEN", "end OPEN");
    }

    @Test
    void aListenerThatThrowsHarmsNobody() throws VirtioException {
        open();
        device.addListener(new DeviceListener() {
            @Override
            public void stateChanged(VirtioDevice changed, DeviceState state) {
                throw new IllegalStateException("expected by this test");
            }
        });
        DeviceListener last = new DeviceListener() {
            @Override
            public void stateChanged(VirtioDevice changed, DeviceState state) {
                news.add("last " + state);
            }
        };
        device.addListener(last);
        device.addListener(last);
        device.negotiate(DRIVER);
        device.start(1, 1);
        device.removeListener(last);
        device.stop();
        assertThat(news).containsExactly("READY", "last READY", "OPEN");
    }

    @Test
    void aFailureBeforeTheDeviceExistsIsNotLost() throws VirtioException {
        transport.failedAtOnce = "hung up at once";
        open();
        assertThat(device.state()).isEqualTo(DeviceState.FAILED);
        assertThat(device.failure()).isEqualTo("hung up at once");
    }

    /** The fixture finds out if two were in the transport at once. */
    @Test
    void theTransportIsCalledByOneThreadAtATime() throws Exception {
        open();
        CountDownLatch gate = new CountDownLatch(1);
        transport.gate = gate;
        Thread dumper = new Thread(() -> device.dump());
        Thread allocator = new Thread(() -> device.memory().allocate(8));
        try {
            dumper.start();
            Await.untilBlocked(dumper);
            allocator.start();
            Await.untilBlocked(allocator);
        } finally {
            gate.countDown();
        }
        dumper.join();
        allocator.join();
        assertThat(transport.regions).hasSize(1);
    }

    @Test
    void theSnapshotIsComplete() throws VirtioException {
        started();
        device.acquireQueue(1);
        DeviceDTO dto = device.dump();
        assertThat(dto.name).isEqualTo("disk0");
        assertThat(dto.address).isEqualTo("fake:here");
        assertThat(dto.transport).isEqualTo("fake");
        assertThat(dto.type).isEqualTo("blk");
        assertThat(dto.state).isEqualTo("ready");
        assertThat(dto.failure).isNull();
        assertThat(dto.status).isEqualTo("ACKNOWLEDGE|DRIVER|FEATURES_OK|DRIVER_OK");
        assertThat(dto.deviceFeatures).isEqualTo(List.of("EVENT_IDX", "VERSION_1"));
        assertThat(dto.negotiatedFeatures).isEqualTo(List.of("EVENT_IDX", "VERSION_1"));
        assertThat(dto.maxQueues).isEqualTo(4);
        assertThat(dto.queues).extracting(queue -> queue.index).containsExactly(0, 1, 2, 3);
        assertThat(dto.queues.get(1).owner).isEqualTo(Thread.currentThread().getName());
        assertThat(dto.memoryAllocated).isPositive().isEqualTo(device.memory().allocated());
        assertThat(dto.memoryCapacity).isEqualTo(64 << 20);
        assertThat(dto.transportDetails).containsEntry("fake", true);
    }

    @Test
    void theSnapshotOfALostDeviceHasItsLastStatus() throws VirtioException {
        started();
        transport.fail("hung up");
        DeviceDTO dto = device.dump();
        assertThat(dto.state).isEqualTo("failed");
        assertThat(dto.failure).isEqualTo("hung up");
        assertThat(dto.status).contains("DRIVER_OK");
        assertThat(dto.queues).allMatch(queue -> queue.brokenReason.equals("hung up"));
    }
}
