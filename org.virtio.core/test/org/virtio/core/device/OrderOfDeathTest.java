// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.virtio.core.fake.Await;
import org.virtio.device.DeviceListener;
import org.virtio.device.DeviceState;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioDevice;
import org.virtio.device.VirtioException;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueResult;
import org.virtio.queue.Virtqueue;

/** How devices end: by stop, by close, by a transport that fails, and with owners or devices that do not let go. */
class OrderOfDeathTest extends DeviceFixture {
    @Test
    void stopBreaksQueuesThenResetsThenFrees() throws VirtioException {
        started();
        Virtqueue queue = device.acquireQueue(2);
        transport.calls.clear();
        device.stop();
        assertThat(queue.brokenReason()).isEqualTo("device disk0 was stopped");
        assertThat(transport.calls).containsExactly("status RESET", "status ACKNOWLEDGE");
        assertThat(device.memory().allocated()).isZero();
        assertThat(device.queueCount()).isZero();
        assertThat(device.fixedQueueCount()).isZero();
        assertThat(device.negotiatedFeatures()).isEqualTo(FeatureSet.NONE);
        assertThat(device.state()).isEqualTo(DeviceState.OPEN);
        assertThatIllegalStateException().isThrownBy(() -> device.acquireQueue(0)).withMessageContaining("not started");
        assertThatIllegalStateException().isThrownBy(() -> device.acquireFreeQueue(0));
        assertThat(news).containsExactly("READY", "OPEN");
    }

    @Test
    void itStartsAgainAfterStop() throws VirtioException {
        started().stop();
        device.negotiate(DRIVER);
        assertThat(device.start(3, 1)).isEqualTo(3);
        assertThat(device.acquireQueue(0).isBroken()).isFalse();
        assertThat(news).containsExactly("READY", "OPEN", "READY");
    }

    @Test
    void stopWithoutADriverDoesNothing() throws VirtioException {
        open();
        transport.calls.clear();
        device.stop();
        assertThat(transport.calls).isEmpty();
    }

    @Test
    void aNegotiatedDeviceThatWasNotStartedIsResetByStop() throws VirtioException {
        open().negotiate(DRIVER);
        transport.calls.clear();
        device.stop();
        assertThat(transport.calls).startsWith("status RESET");
        device.negotiate(DRIVER);
    }

    @Test
    void ownersAreWokenAndWaitedFor() throws Exception {
        limits = new Limits(Duration.ofMillis(50), Duration.ofSeconds(20));
        started();
        AtomicReference<String> reason = new AtomicReference<>();
        CountDownLatch mayRelease = new CountDownLatch(1);
        Thread owner = new Thread(() -> {
            Virtqueue queue = device.acquireQueue(0);
            queue.await(Duration.ofMinutes(1).toNanos());
            reason.set(queue.brokenReason());
            awaitLatch(mayRelease);
            device.releaseQueue(queue);
        });
        owner.start();
        Await.until("the queue has its owner", () -> device.queueOwner(0) == owner);
        Await.untilBlocked(owner);
        transport.calls.clear();
        Thread stopper = new Thread(device::stop);
        stopper.start();
        Await.until("the owner was woken", () -> reason.get() != null);
        assertThat(transport.calls).as("no reset while the queue is used").isEmpty();
        mayRelease.countDown();
        stopper.join();
        owner.join();
        assertThat(reason.get()).isEqualTo("device disk0 was stopped");
        assertThat(transport.calls).startsWith("status RESET");
        assertThat(device.memory().allocated()).isZero();
    }

    @Test
    void theRingOfAnOwnerThatDoesNotLetGoStaysAllocated() throws Exception {
        started();
        CountDownLatch mayRelease = new CountDownLatch(1);
        AtomicReference<Virtqueue> owned = new AtomicReference<>();
        Thread owner = new Thread(() -> {
            Virtqueue queue = device.acquireQueue(1);
            owned.set(queue);
            awaitLatch(mayRelease);
            device.releaseQueue(queue);
        });
        owner.start();
        Await.until("the queue has its owner", () -> owned.get() != null);
        long all = device.memory().allocated();
        device.stop();
        assertThat(device.memory().allocated()).isEqualTo(all / 4);
        mayRelease.countDown();
        owner.join();
        device.negotiate(DRIVER);
        device.start(4, 1);
        assertThat(device.acquireQueue(1)).isNotSameAs(owned.get());
    }

    @Test
    void anOwnerThatHasDiedIsNotWaitedFor() throws Exception {
        limits = new Limits(Duration.ofMillis(50), Duration.ofHours(1));
        started();
        Thread owner = new Thread(() -> device.acquireQueue(0));
        owner.start();
        owner.join();
        device.stop();
        assertThat(device.memory().allocated()).isZero();
    }

    @Test
    void nothingIsFreedUnderADeviceThatDoesNotReset() throws VirtioException {
        started();
        DmaBuffer buffer = device.memory().allocate(4096);
        long allocated = device.memory().allocated();
        transport.resetNeverEnds = true;
        device.stop();
        assertThat(device.memory().allocated()).isEqualTo(allocated);
        buffer.close();
        assertThat(device.memory().allocate(4096).deviceAddress()).isNotEqualTo(buffer.deviceAddress());
        leaked = 1;
    }

    @Test
    void closeResetsThenDisconnectsThenFrees() throws VirtioException {
        started();
        Virtqueue queue = device.acquireQueue(0);
        DmaBuffer buffer = device.memory().allocate(8);
        transport.calls.clear();
        device.close();
        device.close();
        assertThat(queue.brokenReason()).isEqualTo("device disk0 was removed");
        assertThat(transport.calls).containsExactly("status RESET", "close");
        assertThat(buffer.bytes().getLong(0)).as("a stale buffer is harmless").isZero();
        assertThat(device.state()).isEqualTo(DeviceState.REMOVED);
        assertThat(news).containsExactly("READY", "REMOVED");
        device.stop();
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> device.config().readU8(0));
    }

    @Test
    void aTransportThatFailsBreaksTheQueuesBeforeAnyoneIsTold() throws VirtioException {
        started();
        Virtqueue queue = device.acquireQueue(0);
        AtomicReference<String> seen = new AtomicReference<>();
        device.addListener(new DeviceListener() {
            @Override
            public void stateChanged(VirtioDevice changed, DeviceState state) {
                seen.set(state + " " + queue.brokenReason() + " " + changed.failure());
            }
        });
        transport.fail("the back end hung up");
        assertThat(seen.get()).isEqualTo("FAILED the back end hung up the back end hung up");
        assertThat(device.state()).isEqualTo(DeviceState.FAILED);
        assertThat(queue.begin("token", 1)).isEqualTo(QueueResult.BROKEN);
        assertThat(queue.await(Duration.ofMinutes(1).toNanos())).isTrue();
        device.stop();
        assertThat(device.state()).as("a device that failed stays so").isEqualTo(DeviceState.FAILED);
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> device.negotiate(DRIVER))
            .withMessageContaining("the back end hung up");
        device.close();
        assertThat(news).containsExactly("READY", "FAILED", "REMOVED");
    }

    @Test
    void aTransportThatThrowsBeforeItSaysThatItFailedLeaksNothing() throws VirtioException {
        started();
        transport.dead = "connection reset by peer";
        device.close();
    }

    @Test
    void aFailureDuringStartFailsTheStart() throws Exception {
        open().negotiate(DRIVER);
        CountDownLatch gate = new CountDownLatch(1);
        transport.gate = gate;
        AtomicReference<Exception> thrown = new AtomicReference<>();
        Thread starter = new Thread(() -> {
            try {
                device.start(4, 1);
            } catch (VirtioException e) {
                thrown.set(e);
            }
        });
        starter.start();
        Await.until("DRIVER_OK was set", () -> transport.calls.get(transport.calls.size() - 1).endsWith("DRIVER_OK"));
        // The device is live, and then lost, before its queues are anybody's.
        transport.listener.failed("hung up");
        gate.countDown();
        starter.join();
        assertThat(thrown.get()).hasMessageContaining("hung up");
        assertThat(device.state()).isEqualTo(DeviceState.FAILED);
        assertThat(device.dump().queues).isNotEmpty().allMatch(queue -> queue.brokenReason.equals("hung up"));
        assertThat(news).containsExactly("FAILED");
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
