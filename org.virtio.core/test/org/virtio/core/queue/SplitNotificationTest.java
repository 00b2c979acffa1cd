// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.virtio.spec.SplitRingLayout;

class SplitNotificationTest {
    private final QueueFixture flags = new QueueFixture(8, false);
    private final QueueFixture events = new QueueFixture(8, true);

    private static void roundTrip(QueueFixture f) {
        f.request("r", 1);
        f.queue.flush();
        f.device.take().forEach(chain -> f.device.use(chain.head(), 0));
        f.poll();
        f.used.clear();
    }

    @Test
    void noNotificationWhileTheDeviceHasSetNoNotify() {
        flags.device.noNotify(true);
        flags.request("a", 1);
        assertThat(flags.queue.flush()).isFalse();
        assertThat(flags.notifications).isZero();
        flags.device.noNotify(false);
        flags.request("b", 1);
        assertThat(flags.queue.flush()).isTrue();
        assertThat(flags.notifications).isEqualTo(1);
        assertThat(flags.queue.dump().notificationsSuppressed).isEqualTo(1);
        assertThat(flags.queue.dump().notificationsSent).isEqualTo(1);
    }

    @Test
    void withEventIdxNotifiesWhenAvailEventIsPassed() {
        events.device.availEvent(1);
        events.request("a", 1);
        assertThat(events.queue.flush()).isFalse();
        events.request("b", 1);
        assertThat(events.queue.flush()).isTrue();
        events.request("c", 1);
        assertThat(events.queue.flush()).isFalse();
        events.device.availEvent(4);
        events.request("d", 1);
        events.request("e", 1);
        events.request("f", 1);
        assertThat(events.queue.flush()).isTrue();
    }

    @Test
    void withEventIdxTheFlagIsIgnored() {
        events.device.noNotify(true);
        events.request("a", 1);
        assertThat(events.queue.flush()).isTrue();
    }

    @Test
    void availEventIsComparedAcrossTheWrap() {
        for (int i = 0; i < 65535; i++) {
            roundTrip(events);
        }
        assertThat(events.device.availableIndex()).isEqualTo(65535);
        events.device.availEvent(0);
        events.request("at 65535", 1);
        assertThat(events.queue.flush()).isFalse();
        events.request("at 0", 1);
        assertThat(events.queue.flush()).isTrue();
        events.device.availEvent(65535);
        events.request("at 1", 1);
        assertThat(events.queue.flush()).isFalse();
    }

    @Test
    void usedBufferNotificationsAreOffAtFirst() {
        assertThat(flags.device.availableFlags()).isEqualTo(SplitRingLayout.AVAILABLE_F_NO_INTERRUPT);
        assertThat(events.device.usedEvent()).isEqualTo(65535);
    }

    @Test
    void usedEventStaysOutOfReachForEver() {
        for (int i = 0; i < 3 * 65536; i++) {
            roundTrip(events);
            int distance = events.device.usedEvent() - events.device.usedIndex() & 0xffff;
            assertThat(distance).as("after %s", i).isGreaterThan(SplitRingLayout.MAX_SIZE);
        }
    }

    @Test
    void enablingAsksForTheNextUsedBuffer() {
        roundTrip(flags);
        roundTrip(events);
        assertThat(flags.queue.enableNotifications()).isTrue();
        assertThat(flags.device.availableFlags()).isZero();
        assertThat(events.queue.enableNotifications()).isTrue();
        assertThat(events.device.usedEvent()).isEqualTo(1);
        flags.queue.disableNotifications();
        assertThat(flags.device.availableFlags()).isEqualTo(SplitRingLayout.AVAILABLE_F_NO_INTERRUPT);
        events.queue.disableNotifications();
        assertThat(events.device.usedEvent()).isEqualTo(0);
    }

    @Test
    void enablingLooksAgainAndStaysOffIfSomethingIsThere() {
        for (QueueFixture f : new QueueFixture[] {flags, events}) {
            f.request("a", 1);
            f.queue.flush();
            f.device.take().forEach(chain -> f.device.use(chain.head(), 0));
            assertThat(f.queue.enableNotifications()).isFalse();
            assertThat(f.poll()).isEqualTo(1);
        }
        assertThat(flags.device.availableFlags()).isEqualTo(SplitRingLayout.AVAILABLE_F_NO_INTERRUPT);
        assertThat(events.device.usedEvent()).isEqualTo(65535);
    }

    @Test
    void aQueueThatBreaksWakesItsOwnerAndNeverLetsItWait() {
        assertThat(flags.queue.enableNotifications()).isTrue();
        flags.queue.breakQueue("gone");
        assertThat(flags.wakeups).isEqualTo(1);
        assertThat(flags.queue.await(0)).isTrue();
        assertThat(flags.queue.enableNotifications()).isFalse();
        flags.queue.breakQueue("again");
        assertThat(flags.queue.brokenReason()).isEqualTo("gone");
    }
}
