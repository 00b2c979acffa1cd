// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import org.virtio.core.queue.RingDevice.Chain;

/** Who is notified of what, and who is not, for every format. */
@ParameterizedClass
@MethodSource("org.virtio.core.queue.RingCase#all")
class RingNotificationTest {
    private static final int SIZE = 8;

    @Parameter
    RingCase ringCase;

    private QueueFixture f;

    @BeforeEach
    void newQueue() {
        f = new QueueFixture(ringCase.format(), SIZE);
    }

    @Test
    void noNotificationWhileTheDeviceWantsNone() {
        f.device.wish(false);
        // In a split ring EVENT_IDX knows no flag.
        boolean ignored = ringCase.eventIdx() && !ringCase.packed();
        f.request("a", 1);
        assertThat(f.queue.flush()).isEqualTo(ignored);
        assertThat(f.notifications).isEqualTo(ignored ? 1 : 0);
        f.device.wish(true);
        if (ignored) {
            f.device.wishAfter(1);
        }
        f.request("b", 1);
        assertThat(f.queue.flush()).isTrue();
        assertThat(f.queue.dump().notificationsSuppressed).isEqualTo(ignored ? 0 : 1);
        assertThat(f.queue.dump().notificationsSent).isEqualTo(ignored ? 2 : 1);
    }

    @Test
    void publishAsksAndNotifyDeviceTellsWantedOrNot() {
        assertThat(f.publish(1)).isTrue();
        assertThat(f.notifications).isZero();
        assertThat(f.queue.notifyDevice()).isTrue();
        assertThat(f.queue.notifyDevice()).as("also without need").isTrue();
        assertThat(f.notifications).isEqualTo(2);
        assertThat(f.queue.dump().notificationsSent).isEqualTo(2);
    }

    @Test
    void usedBufferNotificationsAreOffAtFirst() {
        assertThat(f.device.driverListens()).isFalse();
        f.publish(1);
        f.useAll();
        assertThat(f.device.driverWants()).isFalse();
    }

    @Test
    void enablingAsksForTheNextUsedBufferWhereverThatIs() {
        int rounds = ringCase.packed() ? 4 * SIZE : 65536 + 4;
        int from = ringCase.packed() ? 0 : 65536 - 4;
        for (int i = 0; i < rounds; i++) {
            if (i >= from) {
                f.publish(3);
                List<Chain> chains = f.device.take();
                f.device.driverWants();
                assertThat(f.queue.enableNotifications()).isTrue();
                f.device.use(chains.get(0), 0);
                assertThat(f.device.driverWants()).as("at %s", i).isTrue();
                f.device.use(chains.get(1), 0);
                assertThat(f.device.driverWants()).as("of a second one").isEqualTo(!ringCase.eventIdx());
                f.queue.disableNotifications();
                f.device.use(chains.get(2), 0);
                assertThat(f.device.driverWants()).isFalse();
                assertThat(f.poll()).isEqualTo(3);
            }
            f.roundTrip();
        }
    }

    @Test
    void enablingLooksAgainAndStaysOffIfSomethingIsThere() {
        f.publish(2);
        List<Chain> chains = f.device.take();
        f.device.use(chains.get(0), 0);
        assertThat(f.queue.enableNotifications()).isFalse();
        assertThat(f.device.driverListens()).isFalse();
        assertThat(f.poll()).isEqualTo(1);
        assertThat(f.queue.enableNotifications()).isTrue();
        assertThat(f.device.driverListens()).isTrue();
    }

    @Test
    void theHalvesOfEnableNotifications() {
        f.roundTrip();
        f.publish(2);
        List<Chain> chains = f.device.take();
        f.device.driverWants();
        int position = f.queue.prepareNotifications();
        assertThat(f.queue.isUsed(position)).isFalse();
        f.device.use(chains.get(0), 0);
        assertThat(f.device.driverWants()).isTrue();
        assertThat(f.queue.isUsed(position)).isTrue();
        assertThat(f.queue.isUsed(position)).as("asking changes nothing").isTrue();
        assertThat(f.poll()).isEqualTo(1);
        assertThat(f.queue.isUsed(f.queue.prepareNotifications())).isFalse();
        f.device.use(chains.get(1), 0);
        f.poll();
    }

    @Test
    void aPartOfABatchThatIsStillToBePolledIsUsed() {
        f.publish(3);
        List<Chain> chains = f.device.take();
        if (ringCase.inOrder()) {
            f.device.useBatch(chains, 0);
        } else {
            chains.forEach(chain -> f.device.use(chain, 0));
        }
        assertThat(f.queue.poll(f, 1)).isEqualTo(1);
        assertThat(f.queue.isUsed(f.queue.prepareNotifications())).isTrue();
        assertThat(f.queue.enableNotifications()).isFalse();
        assertThat(f.poll()).isEqualTo(2);
        assertThat(f.queue.enableNotifications()).isTrue();
    }

    @Test
    void delayedNotificationsComeForThreeQuartersOfWhatIsPending() {
        for (int round = 0; round < 2 * SIZE; round++) {
            f.publish(SIZE - round % 2);
            List<Chain> chains = f.device.take();
            f.device.driverWants();
            assertThat(f.queue.enableNotificationsDelayed()).isTrue();
            assertThat(f.device.driverListens()).isTrue();
            int notified = 0;
            for (Chain chain : chains) {
                f.device.use(chain, 0);
                notified++;
                if (f.device.driverWants()) {
                    break;
                }
            }
            assertThat(notified).as("round %s", round).isEqualTo(ringCase.eventIdx() ? chains.size() * 3 / 4 + 1 : 1);
            chains.subList(notified, chains.size()).forEach(chain -> f.device.use(chain, 0));
            f.poll();
            f.roundTrip();
        }
    }

    @Test
    void delayedNotificationsAreForWhatTheDeviceHas() {
        f.publish(2);
        List<Chain> chains = f.device.take();
        f.chain("not published", SIZE - 4);
        f.queue.begin("open", 1);
        f.device.driverWants();
        assertThat(f.queue.enableNotificationsDelayed()).isTrue();
        chains.forEach(chain -> f.device.use(chain, 0));
        assertThat(f.device.driverWants()).as("all that the device had is used").isTrue();
    }

    @Test
    void delayedNotificationsWithNothingPendingAreForTheNext() {
        f.roundTrip();
        f.device.driverWants();
        assertThat(f.queue.enableNotificationsDelayed()).isTrue();
        f.publish(1);
        f.useAll();
        assertThat(f.device.driverWants()).isTrue();
    }

    @Test
    void delayedNotificationsStayOffIfEnoughIsThere() {
        f.publish(4);
        f.useAll();
        assertThat(f.queue.enableNotificationsDelayed()).isFalse();
        assertThat(f.device.driverListens()).isFalse();
        assertThat(f.poll()).isEqualTo(4);
    }

    @Test
    void whileTheyAreOffNoUsedBufferIsEverNotifiedOf() {
        int rounds = ringCase.packed() ? 5 * SIZE : 2 * 65536 + 10;
        for (int i = 0; i < rounds; i++) {
            f.roundTrip();
            if (f.device.driverWants() || f.device.driverListens()) {
                assertThat(i).as("a notification").isNegative();
            }
        }
    }

    @Test
    void theNotificationSaysWhereTheFirstUnpublishedBufferGoes() {
        QueueFixture third = new QueueFixture(ringCase.format(), SIZE, 3);
        for (int i = 0; i < 5 * SIZE; i++) {
            third.request("published", 1);
            assertThat(third.queue.publish() || ringCase.eventIdx()).isTrue();
            third.request("not published", 1, -1);
            third.queue.begin("nor this", 1);
            List<Chain> chains = third.device.take();
            assertThat(third.queue.notifyDevice()).isTrue();
            assertThat(third.lastNotification & 0xffff).isEqualTo(3);
            assertThat(third.lastNotification >>> 16).as("after %s", i).isEqualTo(third.device.availablePosition());
            assertThat(third.queue.dump().availableIndex).isEqualTo(third.device.availablePosition());
            chains.forEach(chain -> third.device.use(chain, 0));
            third.queue.publish();
            third.useAll();
            assertThat(third.poll()).isEqualTo(2);
        }
    }

    @Test
    void aQueueThatBreaksWakesItsOwnerAndNeverLetsItWait() {
        assertThat(f.queue.enableNotifications()).isTrue();
        f.queue.breakQueue("gone");
        assertThat(f.wakeups).isEqualTo(1);
        assertThat(f.queue.await(0)).isTrue();
        assertThat(f.queue.enableNotifications()).isFalse();
    }
}
