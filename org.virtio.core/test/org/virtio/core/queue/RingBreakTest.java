// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import org.virtio.core.queue.QueueFixture.Used;
import org.virtio.core.queue.RingDevice.Chain;
import org.virtio.queue.QueueResult;

/** Queues that break, are mended, give their requests back and are reset, for every format. */
@ParameterizedClass
@MethodSource("org.virtio.core.queue.RingCase#all")
class RingBreakTest {
    private static final int SIZE = 16;

    @Parameter
    RingCase ringCase;

    private QueueFixture f;

    @BeforeEach
    void newQueue() {
        f = new QueueFixture(ringCase.format(), SIZE);
    }

    /** Requests 0 to count - 1, of which the device has the first ones. */
    private List<Chain> inFlight(int count, int published) {
        for (int i = 0; i < count; i++) {
            if (i == published) {
                f.queue.flush();
            }
            f.request(i, 1, -2);
        }
        if (count == published) {
            f.queue.flush();
        }
        return f.device.take();
    }

    private static Used[] tokens(int from, int to) {
        Used[] tokens = new Used[to - from];
        for (int i = from; i < to; i++) {
            tokens[i - from] = new Used(i, 0);
        }
        return tokens;
    }

    @Test
    void aBrokenQueueTakesNothingAndHandsOutNothing() {
        List<Chain> chains = inFlight(2, 2);
        f.device.use(chains.get(0), 1);
        f.queue.breakQueue("why");
        assertThat(f.queue.begin("c", 1)).isEqualTo(QueueResult.BROKEN);
        assertThat(f.poll()).isEqualTo(QueueResult.BROKEN);
        assertThat(f.queue.publish()).isFalse();
        assertThat(f.queue.notifyDevice()).isFalse();
        assertThat(f.queue.flush()).isFalse();
        assertThat(f.queue.enableNotifications()).isFalse();
        assertThat(f.queue.enableNotificationsDelayed()).isFalse();
        assertThat(f.queue.isUsed(f.queue.prepareNotifications())).isTrue();
        assertThat(f.queue.await(1L << 60)).isTrue();
        assertThat(f.used).isEmpty();
        assertThat(f.queue.dump().brokenReason).isEqualTo("why");
        assertThat(f.queue.dump().breaks).isEqualTo(1);
    }

    @Test
    void theFirstReasonStaysAndTheOwnerIsWokenOnce() {
        f.queue.breakQueue("first");
        f.queue.breakQueue("second");
        f.queue.breakForGood("third");
        assertThat(f.queue.brokenReason()).isEqualTo("first");
        assertThat(f.wakeups).isEqualTo(1);
    }

    @Test
    void anUnbrokenQueueGoesOnWhereItWas() {
        List<Chain> chains = inFlight(3, 2);
        f.device.use(chains.get(0), 1);
        f.queue.breakQueue("for a while");
        f.device.use(chains.get(1), 2);
        assertThat(f.queue.unbreak()).isTrue();
        assertThat(f.queue.isBroken()).isFalse();
        assertThat(f.queue.brokenReason()).isNull();
        assertThat(f.poll()).isEqualTo(2);
        f.queue.flush();
        f.useAll();
        assertThat(f.poll()).isEqualTo(1);
        assertThat(f.used).containsExactly(new Used(0, 1), new Used(1, 2), new Used(2, 2));
        assertThat(f.queue.unbreak()).as("nothing to mend").isTrue();
        f.queue.breakQueue("again");
        assertThat(f.queue.dump().breaks).isEqualTo(2);
    }

    @Test
    void whatTheDeviceDidCannotBeUndone() {
        f.queue.breakForGood("gone");
        assertThat(f.queue.unbreak()).isFalse();
        assertThat(f.queue.isBroken()).isTrue();
    }

    @Test
    void aQueueThatADriverBrokeAndThatTheDeviceThenLosesStaysBroken() {
        f.queue.breakQueue("driver");
        f.queue.breakForGood("gone");
        assertThat(f.queue.unbreak()).isFalse();
        assertThat(f.queue.brokenReason()).isEqualTo("driver");
    }

    @Test
    void detachGivesBackTheOldestFirstEachOnceWithWhatWasNotPublishedAndWhatIsUnderConstruction() {
        List<Chain> chains = inFlight(3, 2);
        f.device.use(chains.get(0), 1);
        assertThat(f.poll()).isEqualTo(1);
        f.used.clear();
        for (int i = 3; i < 5; i++) {
            f.request(i, 1);
        }
        f.queue.breakQueue("why");
        assertThat(f.queue.detach(f)).isEqualTo(4);
        assertThat(f.used).containsExactly(tokens(1, 5));
        assertThat(f.queue.detach(f)).isZero();
        assertThat(f.queue.inFlight()).isZero();
        assertThat(f.queue.freeDescriptors()).isEqualTo(SIZE);
        assertThat(f.queue.unbreak()).as("the device may still have them").isFalse();
    }

    @Test
    void detachOfAQueueThatWorksIsRefused() {
        List<Chain> chains = inFlight(1, 1);
        assertThatIllegalStateException().isThrownBy(() -> f.queue.detach(f)).withMessageContaining("not broken");
        f.queue.breakQueue("for a while");
        f.queue.unbreak();
        assertThatIllegalStateException().isThrownBy(() -> f.queue.detach(f));
        f.device.use(chains.get(0), 1);
        assertThat(f.poll()).isEqualTo(1);
    }

    @Test
    void aHandlerMayBreakAndDetachInTheMiddleOfAPoll() {
        List<Chain> chains = inFlight(4, 4);
        useThree(chains);
        List<Object> ends = new ArrayList<>();
        f.queue.poll((token, written) -> {
            ends.add(token);
            f.queue.breakQueue("enough");
            f.queue.detach((rest, none) -> ends.add(rest));
        }, 9);
        assertThat(ends).containsExactly(0, 1, 2, 3);
        assertThat(f.queue.inFlight()).isZero();
        assertThat(f.queue.freeDescriptors()).isEqualTo(SIZE);
    }

    @Test
    void aHandlerMayDetachInTheMiddleOfADetach() {
        inFlight(4, 4);
        f.queue.breakQueue("why");
        List<Object> ends = new ArrayList<>();
        int outer = f.queue.detach((token, written) -> {
            ends.add(token);
            f.queue.detach((rest, none) -> ends.add(rest));
        });
        assertThat(ends).containsExactly(0, 1, 2, 3);
        assertThat(outer).isEqualTo(1);
        assertThat(f.queue.inFlight()).isZero();
    }

    private void useThree(List<Chain> chains) {
        if (ringCase.inOrder()) {
            f.device.useBatch(chains.subList(0, 3), 1);
        } else {
            chains.subList(0, 3).forEach(chain -> f.device.use(chain, 1));
        }
    }

    @Test
    void aBatchThatWasHandedOverInPartIsGivenBackInPart() {
        useThree(inFlight(4, 4));
        assertThat(f.queue.poll(f, 1)).isEqualTo(1);
        f.queue.breakQueue("why");
        f.used.clear();
        assertThat(f.queue.detach(f)).isEqualTo(3);
        assertThat(f.used).containsExactly(tokens(1, 4));
    }

    @Test
    void aResetHandsOverWhatIsUsedAndGivesBackTheRestAndTheRingIsNew() {
        useThree(inFlight(6, 5));
        assertThat(f.queue.poll(f, 1)).isEqualTo(1);
        f.request("open", 1);
        List<Object> unused = new ArrayList<>();
        f.reset(SIZE, (token, written) -> unused.add(token));
        assertThat(f.used).extracting(Used::token).containsExactly(0, 1, 2);
        assertThat(unused).containsExactly(3, 4, 5, "open");
        assertThat(f.queue.isBroken()).isFalse();
        assertThat(f.queue.inFlight()).isZero();
        assertThat(f.queue.freeDescriptors()).isEqualTo(SIZE);
        assertThat(f.device.driverListens()).as("notifications are off at first").isFalse();
        assertWorks();
        assertThat(f.queue.dump().requests).as("counters go on").isEqualTo(5 + 40);
        assertThat(f.queue.dump().completions).isEqualTo(3 + 40);
        assertThat(f.queue.dump().breaks).as("a reset is no break").isZero();
    }

    private void assertWorks() {
        f.used.clear();
        for (int i = 0; i < 20; i++) {
            assertThat(f.chain(i, 1)).isEqualTo(QueueResult.OK);
            assertThat(f.request(-i, -1)).isEqualTo(QueueResult.OK);
            f.queue.flush();
            f.useAll();
            assertThat(f.poll()).isEqualTo(2);
        }
        assertThat(f.used).hasSize(40);
    }

    @Test
    void aQueueMayGrowAndShrink() {
        for (int size : ringCase.packed() ? new int[] {3, 100, 8, 5} : new int[] {4, 64, 8, 4}) {
            inFlight(2, 1);
            f.reset(size, f);
            assertThat(f.queue.size()).isEqualTo(size);
            assertThat(f.queue.freeDescriptors()).isEqualTo(size);
            assertThat(f.queue.setup().size()).isEqualTo(size);
            assertThat(f.queue.begin("more", size + 1)).isEqualTo(QueueResult.INVALID);
            assertWorks();
        }
    }

    @Test
    void aDeviceThatLiedIsNotListenedToInAResetAndTheQueueWorksAgain() {
        List<Chain> chains = inFlight(2, 2);
        f.device.claim(chains.get(0).id() + 5, 0);
        assertThat(f.poll()).isEqualTo(QueueResult.BROKEN);
        f.device.use(chains.get(0), 0);
        f.reset(SIZE, f);
        assertThat(f.used).containsExactly(tokens(0, 2));
        assertWorks();
    }

    @Test
    void nobodyMendsAQueueWhileItIsBeingResetAndABreakMeanwhileStays() {
        assertThat(f.queue.beginReset()).isTrue();
        assertThat(f.queue.unbreak()).isFalse();
        assertThat(f.queue.begin("a", 1)).isEqualTo(QueueResult.BROKEN);
        f.queue.endReset();
        assertThat(f.queue.isBroken()).isFalse();
        f.queue.beginReset();
        f.queue.breakQueue("meanwhile");
        f.queue.endReset();
        assertThat(f.queue.brokenReason()).isEqualTo("meanwhile");
        assertThat(f.queue.beginReset()).as("nothing says that the device lied").isTrue();
        f.queue.failReset("failed");
        assertThat(f.queue.brokenReason()).isEqualTo("meanwhile");
        assertThat(f.queue.unbreak()).as("the device may have reset it").isFalse();
    }

    @Test
    void aResetThatFailsSaysWhy() {
        f.queue.beginReset();
        assertThat(f.queue.isResetting()).isTrue();
        f.queue.failReset("no answer");
        assertThat(f.queue.isResetting()).isFalse();
        assertThat(f.queue.brokenReason()).isEqualTo("no answer");
        assertThat(f.queue.beginReset()).as("not known what the device did").isFalse();
        f.queue.failReset("again");
        assertThat(f.queue.brokenReason()).isEqualTo("no answer");
        assertThat(f.queue.unbreak()).isFalse();
        assertThat(f.queue.dump().breaks).isEqualTo(1);
    }
}
