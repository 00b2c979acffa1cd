// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.virtio.core.fake.Await;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.queue.QueueResult;
import org.virtio.queue.Virtqueue;
import org.virtio.spec.Feature;

/** A queue is reset while others stop the device, lose it, break its queues, or are not the owner. */
class QueueResetConcurrencyTest extends DeviceFixture {
    private static final Duration LONG = Duration.ofSeconds(20);

    private final List<Object> back = new ArrayList<>();
    private Virtqueue queue;

    @BeforeEach
    void start() throws VirtioException {
        limits = new Limits(Duration.ofSeconds(1), LONG);
        transport.features = FeatureSet.of(Feature.VERSION_1, Feature.RING_RESET);
        started();
    }

    private void reset() throws VirtioException {
        device.resetQueue(queue, (token, written) -> back.add(token), (token, written) -> back.add(token));
    }

    private void request() {
        assertThat(queue.begin("t", 1)).isEqualTo(QueueResult.OK);
        queue.addReadable(device.memory().allocate(8), 0, 8);
        queue.publish();
    }

    @Test
    void onlyTheOwnerMay() throws Exception {
        AtomicReference<Virtqueue> foreign = new AtomicReference<>();
        CountDownLatch done = new CountDownLatch(1);
        Thread owner = new Thread(() -> {
            foreign.set(device.acquireQueue(0));
            Await.until("the test is over", () -> done.getCount() == 0);
            device.releaseQueue(foreign.get());
        }, "owner");
        owner.start();
        Await.until("the queue has its owner", () -> foreign.get() != null);
        queue = foreign.get();
        assertThatIllegalStateException().isThrownBy(this::reset).withMessageContaining("owned by owner");
        done.countDown();
        owner.join();
        assertThatIllegalStateException().isThrownBy(this::reset).withMessageContaining("owned by nobody");
        assertThat(queue.isBroken()).isFalse();
        assertThat(transport.calls).doesNotContain("resetQueue 0");
    }

    /** The stop waits for the owner, who asks for a reset, for which the stop would have to end first. */
    @Test
    void aStopThatWaitsForTheOwnerRefusesItsReset() throws Exception {
        AtomicReference<Exception> refused = new AtomicReference<>();
        Thread owner = new Thread(() -> {
            queue = device.acquireQueue(0);
            queue.await(LONG.toNanos());
            try {
                device.resizeQueue(queue, 64, (token, written) -> { }, (token, written) -> { });
            } catch (IllegalStateException | VirtioException e) {
                refused.set(e);
            }
            device.releaseQueue(queue);
        });
        owner.start();
        Await.until("the queue has its owner", () -> device.queueOwner(0) == owner);
        Await.untilBlocked(owner);
        long start = System.nanoTime();
        device.stop();
        owner.join();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LONG.dividedBy(2));
        assertThat(refused.get()).isInstanceOf(IllegalStateException.class).hasMessageContaining("not started");
        assertThat(transport.calls).doesNotContain("resetQueue 0");
        assertThat(device.memory().allocated()).isZero();
    }

    @Test
    void aStopWaitsForAResetThatIsUnderWay() throws Exception {
        queue = device.acquireQueue(0);
        AtomicReference<Thread> stopper = new AtomicReference<>();
        transport.duringReset = () -> {
            stopper.set(new Thread(device::stop));
            stopper.get().start();
            Await.untilBlocked(stopper.get());
        };
        reset();
        Await.until("the queue is broken by the stop", queue::isBroken);
        assertThat(queue.brokenReason()).contains("stopped");
        device.releaseQueue(queue);
        stopper.get().join();
        assertThat(transport.calls.indexOf("setUpQueue 0")).isPositive();
        assertThat(transport.calls).endsWith("resetQueue 0", "setUpQueue 0", "status RESET", "status ACKNOWLEDGE");
        assertThat(device.memory().allocated()).isZero();
    }

    @Test
    void aHandlerThatStopsTheDeviceEndsTheReset() {
        queue = device.acquireQueue(0);
        request();
        assertThatIllegalStateException().isThrownBy(() -> device.resizeQueue(queue, 64, null, (token, written) -> device.stop()))
            .withMessageContaining("stopped");
        assertThat(transport.calls).doesNotContain("setUpQueue 64").endsWith("status RESET", "status ACKNOWLEDGE");
        assertThat(queue.isBroken()).isTrue();
        assertThat(device.memory().allocated()).isEqualTo(8);
    }

    @Test
    void aHandlerCannotResetInItsTurn() {
        queue = device.acquireQueue(0);
        request();
        assertThatIllegalStateException().isThrownBy(() -> device.resetQueue(queue, null, (token, written) -> {
            try {
                reset();
            } catch (VirtioException e) {
                throw new AssertionError(e);
            }
        })).withMessageContaining("handler");
    }

    @Test
    void aHandlerCannotBeginRequests() throws VirtioException {
        queue = device.acquireQueue(0);
        request();
        List<Integer> results = new ArrayList<>();
        device.resetQueue(queue, null, (token, written) -> {
            assertThat(device.unbreakQueues()).as("cannot be undone by anyone").isFalse();
            results.add(queue.begin(token, 1));
        });
        assertThat(results).containsExactly(QueueResult.BROKEN);
        assertThat(queue.isBroken()).isFalse();
        assertThat(queue.inFlight()).isZero();
    }

    @Test
    void aTransportThatFailsMeanwhileLeavesTheQueueBroken() throws VirtioException {
        queue = device.acquireQueue(0);
        transport.duringReset = () -> transport.listener.failed("hung up");
        reset();
        assertThat(queue.brokenReason()).isEqualTo("hung up");
        assertThat(queue.unbreak()).isFalse();
        assertThatExceptionOfType(VirtioException.class).isThrownBy(this::reset).withMessageContaining("hung up");
    }

    @Test
    void aDriverThatBreaksAllQueuesMeanwhileHasAllBroken() throws VirtioException {
        queue = device.acquireQueue(0);
        transport.duringReset = () -> device.breakQueues("everything stops");
        reset();
        assertThat(queue.brokenReason()).isEqualTo("everything stops");
        assertThat(device.unbreakQueues()).isTrue();
        assertThat(queue.isBroken()).isFalse();
    }
}
