// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.virtio.core.fake.Await;
import org.virtio.device.VirtioException;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.Virtqueue;

/** Memory that a device may still write to is handed out to nobody, though its driver has closed it. */
class QuarantineTest extends DeviceFixture {
    private DmaBuffer buffer;

    private void startedWithBuffer() throws VirtioException {
        buffer = started().memory().allocate(4096);
    }

    /** Whether the memory of {@link #buffer}, the first that is free, is handed out. */
    private boolean handedOutAgain() {
        try (DmaBuffer next = device.memory().allocate(4096)) {
            return next.deviceAddress() == buffer.deviceAddress();
        }
    }

    @Test
    void memoryIsHandedOutAgainWhileNoQueueIsBroken() throws VirtioException {
        startedWithBuffer();
        buffer.close();
        assertThat(handedOutAgain()).isTrue();
    }

    @Test
    void oneBrokenQueueKeepsItUntilTheReset() throws VirtioException {
        startedWithBuffer();
        DmaBuffer kept = device.memory().allocate(4096);
        long allocated = device.memory().allocated();
        device.acquireQueue(3).breakQueue("the device lied");
        buffer.close();
        assertThat(device.memory().allocated()).isEqualTo(allocated - 4096);
        assertThat(handedOutAgain()).isFalse();
        long capacity = device.memory().capacity();
        device.stop();
        assertThat(device.memory().allocated()).as("what the driver still has").isEqualTo(4096);
        kept.close();
        device.memory().allocate((int) capacity);
        assertThat(device.memory().capacity()).as("all that was kept is free").isEqualTo(capacity);
    }

    @Test
    void whatAnOwnerClosesBetweenBreakAndResetIsFreeAfterStop() throws Exception {
        limits = new Limits(Duration.ofMillis(50), Duration.ofSeconds(20));
        startedWithBuffer();
        AtomicBoolean again = new AtomicBoolean(true);
        Thread owner = new Thread(() -> {
            Virtqueue queue = device.acquireQueue(0);
            queue.await(Duration.ofMinutes(1).toNanos());
            buffer.close();
            again.set(handedOutAgain());
            device.releaseQueue(queue);
        });
        owner.start();
        Await.until("the queue has its owner", () -> device.queueOwner(0) == owner);
        device.stop();
        owner.join();
        assertThat(again).as("before the reset").isFalse();
        assertThat(device.memory().allocated()).isZero();
        long capacity = device.memory().capacity();
        device.memory().allocate((int) capacity);
        assertThat(device.memory().capacity()).as("all is free").isEqualTo(capacity);
    }

    @Test
    void aStartThatFailedKeepsItUntilStop() throws VirtioException {
        open();
        buffer = device.memory().allocate(4096);
        device.negotiate(DRIVER);
        transport.failSetUpOf = 1;
        assertThatThrownBy(() -> device.start(4, 1)).isInstanceOf(VirtioException.class);
        buffer.close();
        assertThat(handedOutAgain()).isFalse();
        device.stop();
        assertThat(handedOutAgain()).isTrue();
    }

    @Test
    void aDeviceThatCouldNotBeResetKeepsItUntilItCan() throws VirtioException {
        startedWithBuffer();
        transport.dead = "connection reset by peer";
        device.stop();
        transport.dead = null;
        buffer.close();
        assertThat(handedOutAgain()).as("after stop").isFalse();
        device.negotiate(DRIVER);
        assertThat(handedOutAgain()).as("after the reset of negotiate").isTrue();
    }

    @Test
    void aTransportThatFailedKeepsItUntilClose() throws VirtioException {
        startedWithBuffer();
        transport.fail("hung up");
        buffer.close();
        assertThat(handedOutAgain()).isFalse();
        device.stop();
        transport.dead = null;
        assertThat(handedOutAgain()).as("after stop").isFalse();
    }
}
