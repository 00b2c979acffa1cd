// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.virtio.core.fake.Await;
import org.virtio.core.fake.FakeProvider;
import org.virtio.core.fake.FakeTransport;
import org.virtio.device.DeviceAddress;
import org.virtio.device.DeviceListener;
import org.virtio.device.DeviceState;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioDevice;
import org.virtio.device.VirtioException;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueResult;
import org.virtio.queue.UsedBufferHandler;
import org.virtio.queue.Virtqueue;
import org.virtio.spec.DeviceType;
import org.virtio.spec.Feature;

/** A device that loses its transport and goes on by another. */
class SuspensionTest extends DeviceFixture {
    private static final DeviceAddress ELSEWHERE = DeviceAddress.parse("fake:elsewhere");

    private final FakeTransport next = new FakeTransport();
    private final List<Object> unused = new ArrayList<>();

    @AfterEach
    void nobodyCalledAtTheWrongTime() {
        assertThat(next.trespass.get()).isNull();
    }

    private void resume() throws VirtioException {
        FakeProvider provider = new FakeProvider("fake");
        provider.next = () -> next;
        device.resume(provider, ELSEWHERE);
    }

    private void assertStaysSuspended(String reason) {
        assertThatExceptionOfType(VirtioException.class).isThrownBy(this::resume).withMessageContaining(reason);
        assertThat(next.isClosed()).isTrue();
        assertThat(device.state()).isEqualTo(DeviceState.SUSPENDED);
        assertThat(device.failure()).startsWith("it went; ").contains(reason);
        assertThat(device.memory().allocated()).as("nothing is left of the attempt").isEqualTo(allocated);
    }

    private long allocated;

    private void suspended() throws VirtioException {
        started();
        allocated = device.memory().allocated();
        assertThat(device.suspend(device.session(), "it went")).isTrue();
        assertThat(transport.isClosed()).isTrue();
    }

    @Test
    void everythingStaysAndGoesOn() throws VirtioException {
        started();
        DmaBuffer before = device.memory().allocate(4096);
        Virtqueue queue = device.acquireQueue(0);
        assertThat(queue.begin("token", 7, 1)).isZero();
        queue.addReadable(before, 0, 16);
        queue.publish();
        assertThat(device.suspend(device.session(), "it went")).isTrue();
        assertThat(device.state()).isEqualTo(DeviceState.SUSPENDED);
        assertThat(device.failure()).isEqualTo("it went");
        assertThat(device.queueOwner(0)).isSameAs(Thread.currentThread());
        assertThat(transport.calls).endsWith("status RESET", "close");
        DmaBuffer meanwhile = device.memory().allocate(64 << 20);

        next.addressOffset = 0x1000_0000;
        resume();
        assertThat(device.state()).isEqualTo(DeviceState.READY);
        assertThat(device.failure()).isNull();
        assertThat(device.address()).isEqualTo(ELSEWHERE);
        assertThat(next.regions).as("also what was allocated meanwhile").hasSize(2);
        assertThat(before.deviceAddress()).isEqualTo(before.address() + next.addressOffset);
        assertThat(meanwhile.deviceAddress()).isEqualTo(meanwhile.address() + next.addressOffset);
        assertThat(next.accepted).isEqualTo(device.negotiatedFeatures());
        assertThat(queue.poll((UsedBufferHandler) (token, written) -> unused.add(token), 8)).isZero();
        assertThat(next.notifiers.get(0).notifications).as("told of what is in flight").hasSize(1);
        assertThat(next.at(next.setup(0).driverArea()).getShort(2)).as("available").isEqualTo((short) 1);
        assertThat(next.at(next.setup(0).descriptorArea()).getLong(0)).isEqualTo(before.deviceAddress());
        assertThat(news).containsExactly("READY", "SUSPENDED", "READY");
        assertThat(device.dump().suspensions).isEqualTo(1);
        assertThat(device.dump().lastSuspensionNanos).isPositive();
        assertThat(transport.calls).as("of the transport that went").endsWith("close");
        device.close();
        assertThat(next.isClosed()).isTrue();
    }

    @Test
    void whatItsDriverReliesOnMustBeThere() throws VirtioException {
        suspended();
        next.features = FeatureSet.of(Feature.VERSION_1);
        assertStaysSuspended("no longer offers [EVENT_IDX]");
    }

    @Test
    void moreFeaturesAreNotTaken() throws VirtioException {
        suspended();
        next.features = next.features.with(Feature.RING_PACKED).with(Feature.IN_ORDER).with(Feature.ACCESS_PLATFORM);
        resume();
        assertThat(next.accepted).isEqualTo(FeatureSet.of(Feature.VERSION_1, Feature.EVENT_IDX, Feature.ACCESS_PLATFORM));
    }

    @Test
    void itIsOfTheSameType() throws VirtioException {
        suspended();
        next.type = DeviceType.NETWORK;
        assertStaysSuspended("a device of type net now, not blk");
    }

    @Test
    void itHasAsManyQueues() throws VirtioException {
        suspended();
        next.maxQueues = 3;
        assertStaysSuspended("has 3 queue(s) now, its driver uses 4");
    }

    @Test
    void itsQueuesAreAsLong() throws VirtioException {
        suspended();
        next.queueSize(2, 256);
        assertStaysSuspended("queue 2 has 512 descriptors, and the device can have no more than 256 now");
    }

    @Test
    void itTakesAllMemory() throws VirtioException {
        suspended();
        next.maxRegions = 0;
        assertStaysSuspended("no more than 0 regions");
    }

    @Test
    void itsDriverMayRefuse() throws VirtioException {
        suspended();
        DeviceListener driver = new DeviceListener() {
            @Override
            public void resuming(VirtioDevice back, FeatureSet offered) throws VirtioException {
                assertThat(back.config().readU8(3)).isZero();
                throw new VirtioException("the disk shrank");
            }
        };
        device.addListener(driver);
        assertStaysSuspended("the disk shrank");
        device.removeListener(driver);
        assertThat(next.calls).doesNotContain("setUpQueue 0");
    }

    @Test
    void itMayFailAgainAtOnce() throws VirtioException {
        suspended();
        device.whenLost((session, reason) -> unused.add(reason));
        next.failedAtOnce = "hung up at once";
        resume();
        assertThat(unused).containsExactly("hung up at once");
        assertThat(device.suspend(device.session(), "hung up at once")).isTrue();
        assertThat(next.isClosed()).isTrue();
    }

    @Test
    void whatATransportSaysThatWasLetGoOfDoesNotMatter() throws VirtioException {
        suspended();
        transport.listener.failed("late");
        resume();
        transport.listener.failed("later");
        assertThat(device.state()).isEqualTo(DeviceState.READY);
    }

    @Test
    void anAttemptThatFailsWhenAnotherHasGoneWellChangesNothing() throws Exception {
        suspended();
        FakeProvider late = new FakeProvider("fake");
        late.gate = new CountDownLatch(1);
        late.refusal = "nobody listens";
        AtomicReference<Exception> thrown = new AtomicReference<>();
        Thread attempt = new Thread(() -> {
            try {
                device.resume(late, ELSEWHERE);
            } catch (VirtioException e) {
                thrown.set(e);
            }
        });
        attempt.start();
        Await.until("it is at it", () -> late.opener == attempt);
        resume();
        late.gate.countDown();
        attempt.join();
        assertThat(thrown.get()).hasMessage("nobody listens");
        assertThat(device.failure()).isNull();
        assertThat(device.suspend(device.session(), "it went again")).isTrue();
        assertThat(device.state()).isEqualTo(DeviceState.SUSPENDED);
    }

    @Test
    void whatIsSaidOfATransportThatWasLeftDoesNotSuspendItAgain() throws VirtioException {
        started();
        Session left = device.session();
        device.suspend(left, "it moves");
        assertThat(device.session()).isNull();
        resume();
        assertThat(device.suspend(left, "late news")).isTrue();
        assertThat(device.state()).isEqualTo(DeviceState.READY);
        assertThat(next.isClosed()).isFalse();
    }

    @Test
    void aQueueThatNobodyOwnsHoldsNothingOfTheTransportThatWent() throws VirtioException {
        suspended();
        Virtqueue queue = device.acquireQueue(0);
        assertThat(queue.notifyDevice()).isTrue();
        assertThat(transport.notifiers.get(0).notifications).isEmpty();
        device.releaseQueue(queue);
    }

    @Test
    void ringsOfADeviceWithABrokenQueueDoNotPileUp() throws VirtioException {
        started();
        Virtqueue queue = device.acquireQueue(0);
        device.breakQueues("for a while");
        assertThat(device.unbreakQueues()).isTrue();
        device.acquireQueue(1).breakQueue("for good");
        long capacity = device.memory().capacity();
        for (int swap = 0; swap < 1500; swap++) {
            device.suspend(device.session(), "it went");
            FakeProvider provider = new FakeProvider("fake");
            device.resume(provider, ELSEWHERE);
            queue.poll((UsedBufferHandler) (token, written) -> unused.add(token), 8);
        }
        assertThat(device.memory().capacity()).isEqualTo(capacity);
        device.releaseQueue(queue);
    }

    @Test
    void whoWaitsInVainFails() throws VirtioException {
        started();
        Virtqueue queue = device.acquireQueue(0);
        device.suspend(device.session(), "it went");
        device.expire("nobody came");
        assertThat(device.state()).isEqualTo(DeviceState.FAILED);
        assertThat(queue.brokenReason()).isEqualTo("nobody came");
        assertThat(device.failure()).isEqualTo("nobody came");
        device.releaseQueue(queue);
    }

    @Test
    void whoGoesOnIsNotLateAnyMore() throws VirtioException {
        suspended();
        resume();
        device.expire("nobody came");
        assertThat(device.state()).isEqualTo(DeviceState.READY);
    }

    @Test
    void aDriverCanLetGoOfItMeanwhile() throws VirtioException {
        suspended();
        device.stop();
        assertThat(device.isStarted()).isFalse();
        assertThat(device.state()).isEqualTo(DeviceState.SUSPENDED);
        assertThat(device.memory().allocated()).as("its rings").isZero();
        assertThatThrownBy(this::resume).isInstanceOf(IllegalStateException.class);
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> device.negotiate(DRIVER))
            .withMessageContaining("is suspended: it went");
    }

    @Test
    void nothingCanBeDoneToItsQueuesMeanwhile() throws VirtioException {
        transport.features = transport.features.with(Feature.RING_RESET);
        started();
        Virtqueue queue = device.acquireQueue(0);
        device.suspend(device.session(), "it went");
        UsedBufferHandler handler = (token, written) -> unused.add(token);
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> device.resetQueue(queue, handler, handler))
            .withMessageContaining("is suspended: it went");
        assertThat(queue.isBroken()).isFalse();
        assertThat(queue.begin("token", 0, 1)).isEqualTo(QueueResult.OK);
        queue.abort();
        device.releaseQueue(queue);
    }

    @Test
    void aDeviceThatWillNotBeQuietIsNotTrustedWithTheMemoryAgain() throws VirtioException {
        started();
        transport.resetNeverEnds = true;
        leaked = 1;
        assertThat(device.suspend(device.session(), "it went")).isFalse();
        assertThat(device.state()).isEqualTo(DeviceState.FAILED);
        assertThat(device.failure()).contains("did not become quiet");
    }

    @Test
    void withoutADriverThereIsNothingToKeep() throws VirtioException {
        open();
        assertThat(device.suspend(device.session(), "it went")).isFalse();
        assertThat(device.state()).isEqualTo(DeviceState.OPEN);
    }
}
