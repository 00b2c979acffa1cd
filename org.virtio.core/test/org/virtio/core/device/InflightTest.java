// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.virtio.core.fake.FakeProvider;
import org.virtio.core.fake.FakeTransport;
import org.virtio.device.DeviceAddress;
import org.virtio.device.DeviceState;
import org.virtio.device.VirtioException;
import org.virtio.queue.QueueResult;
import org.virtio.queue.UsedBufferHandler;
import org.virtio.queue.Virtqueue;
import org.virtio.transport.InflightRecord;
import org.virtio.transport.QueueSetup;

/** A device whose back end died and had noted what was in flight: the next one goes on in the rings as they are. */
class InflightTest extends DeviceFixture {
    private static final DeviceAddress AGAIN = DeviceAddress.parse("fake:again");
    private static final UsedBufferHandler NOBODY = (token, written) -> {
        throw new AssertionError(token + " was used");
    };

    private final AtomicInteger closes = new AtomicInteger();
    private final InflightRecord record = closes::incrementAndGet;
    private final FakeTransport next = new FakeTransport();
    private Virtqueue queue;
    private QueueSetup before;

    @AfterEach
    void whatWasNotedIsFreed() {
        device.close();
        assertThat(closes).hasPositiveValue();
        assertThat(next.trespass.get()).isNull();
    }

    private void lost() throws VirtioException {
        started();
        queue = device.acquireQueue(0);
        enter("token");
        before = transport.setup(0);
        transport.inflight = record;
        assertThat(suspend()).isTrue();
        next.adopts = true;
    }

    private void enter(Object token) {
        assertThat(queue.begin(token, 0, 1)).isEqualTo(QueueResult.OK);
        queue.addReadable(device.memory().allocate(16), 0, 16);
        queue.publish();
    }

    private boolean suspend() {
        // As one that is gone: it cannot be reset.
        device.whenLost((session, reason) -> { });
        FakeTransport present = transport.isClosed() ? next : transport;
        present.fail("it hung up");
        return device.suspend(device.session(), "it hung up");
    }

    private void resume(FakeTransport back) throws VirtioException {
        FakeProvider provider = new FakeProvider("fake");
        provider.next = () -> back;
        device.resume(provider, AGAIN);
    }

    private int available(FakeTransport back) {
        return back.at(back.setup(0).driverArea()).getShort(2);
    }

    @Test
    void itGoesOnInTheRingsAsTheyAre() throws VirtioException {
        lost();
        enter("meanwhile");
        resume(next);
        assertThat(next.setup(0)).isEqualTo(before);
        assertThat(next.calls).containsSubsequence("adoptInflight", "setUpQueue 0",
            "status ACKNOWLEDGE|DRIVER|FEATURES_OK|DRIVER_OK");
        assertThat(available(next)).as("what it had").isEqualTo(1);
        assertThat(queue.poll(NOBODY, 8)).isZero();
        assertThat(available(next)).as("and what came meanwhile").isEqualTo(2);
        assertThat(next.notifiers.get(0).notifications).hasSize(1);
        assertThat(queue.inFlight()).isEqualTo(2);
        assertThat(closes).hasValue(0);
    }

    @Test
    void aBackEndThatCannotGetsEmptyRings() throws VirtioException {
        lost();
        next.adopts = false;
        resume(next);
        assertThat(next.setup(0)).isNotEqualTo(before);
        assertThat(closes).as("what was noted holds no longer").hasValue(1);
        assertThat(queue.poll(NOBODY, 8)).isZero();
        assertThat(available(next)).isEqualTo(1);
    }

    /** It may be what was noted that no back end can do anything with. */
    @Test
    void afterAnAttemptThatFailedTheRingsBeginEmpty() throws VirtioException {
        lost();
        next.failSetUpOf = 1;
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> resume(next)).withMessageContaining("refused");
        assertThat(closes).hasPositiveValue();
        FakeTransport better = new FakeTransport();
        better.adopts = true;
        resume(better);
        assertThat(better.calls).doesNotContain("adoptInflight");
        assertThat(better.setup(0)).isNotEqualTo(before);
        assertThat(queue.poll(NOBODY, 8)).isZero();
        assertThat(available(better)).isEqualTo(1);
    }

    /** What such a back end noted is of rings that nobody has taken. */
    @Test
    void whatWasNotedInAnAttemptThatFailedIsNotGoneOnWith() throws VirtioException {
        lost();
        next.adopts = false;
        next.failSetUpOf = 1;
        next.inflight = record;
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> resume(next)).withMessageContaining("refused");
        FakeTransport better = new FakeTransport();
        better.adopts = true;
        resume(better);
        assertThat(better.calls).doesNotContain("adoptInflight");
        assertThat(better.setup(0)).isNotEqualTo(before);
    }

    @Test
    void whatIsForgottenIsNotOffered() throws VirtioException {
        lost();
        device.forgetInflight();
        assertThat(closes).hasValue(1);
        resume(next);
        assertThat(next.calls).doesNotContain("adoptInflight");
        assertThat(next.setup(0)).isNotEqualTo(before);
    }

    @Test
    void aBackEndThatDiesAgainBeforeAnybodyLookedGoesOnInTheSameRingsOnceMore() throws VirtioException {
        lost();
        resume(next);
        assertThat(suspend()).isTrue();
        FakeTransport third = new FakeTransport();
        third.adopts = true;
        resume(third);
        assertThat(third.setup(0)).isEqualTo(before);
        assertThat(queue.poll(NOBODY, 8)).isZero();
        assertThat(available(third)).isEqualTo(1);
    }

    /** Such a back end noted nothing of the ring that the queue still has. */
    @Test
    void aBackEndThatDiesBeforeItsEmptyRingsWereTakenIsFollowedByEmptyOnes() throws VirtioException {
        lost();
        next.adopts = false;
        resume(next);
        next.inflight = record;
        assertThat(suspend()).isTrue();
        FakeTransport third = new FakeTransport();
        third.adopts = true;
        resume(third);
        assertThat(third.calls).doesNotContain("adoptInflight");
        assertThat(third.setup(0)).isNotEqualTo(before);
        assertThat(queue.poll(NOBODY, 8)).isZero();
        assertThat(available(third)).isEqualTo(1);
    }

    @Test
    void aBackEndThatDoesNotBecomeQuietWhenItComesBackIsNotTrusted() throws VirtioException {
        lost();
        next.failSetUpOf = 1;
        next.quiet = false;
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> resume(next)).withMessageContaining("refused");
        assertThat(device.state()).isEqualTo(DeviceState.FAILED);
        assertThat(device.failure()).contains("did not become quiet");
    }
}
