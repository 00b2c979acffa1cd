// SPDX-License-Identifier: Apache-2.0
package org.virtio.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.virtio.target.RawQueue.OK;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.virtio.target.backend.BlockTarget;

/** Both directions, with event_idx and with the flags. */
@ExtendWith(NoLeaks.class)
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NotificationTest {
    private static final long LIMIT = TimeUnit.SECONDS.toNanos(20);
    /** Long enough that the device never sleeps in a test that does not want it to. */
    private static final long SPIN = TimeUnit.SECONDS.toNanos(100);

    @TempDir
    Path directory;
    private BlockTarget target;
    private RawDriver driver;
    private RawQueue queue;

    private void serve(long spinNanos, long features) throws Exception {
        target = new BlockTarget(TargetOptions.ram(directory.resolve("t").toString(), 1 << 20).withSpinNanos(spinNanos));
        driver = RawDriver.running(directory.resolve("t").toString(), features, 1);
        queue = driver.queues[0];
    }

    @AfterEach
    void stop() {
        driver.close();
        target.close();
    }

    private void write() {
        queue.lay(0, RawQueue.OUT, 0, new byte[512], 0);
        queue.put(0);
        queue.publish();
    }

    private void drain() {
        queue.call.drain();
    }

    @Test
    void notifiesUnlessTheFlagSaysNot() throws Exception {
        serve(0, RawDriver.FEATURES);
        queue.write(0, new byte[512]);
        assertThat(queue.call.await(LIMIT)).isTrue();
        queue.setNoInterrupt(true);
        queue.write(0, new byte[512]);
        driver.stop(0);
        assertThat(queue.call.drain()).isFalse();
    }

    @Test
    void notifiesAtTheUsedEvent() throws Exception {
        serve(0, RawDriver.FEATURES | RawDriver.EVENT_IDX);
        queue.setNoInterrupt(true);
        queue.setUsedEvent(2);
        queue.write(0, new byte[512]);
        queue.write(0, new byte[512]);
        driver.stop(0);
        drain();
        assertThat(queue.usedIndex()).isEqualTo(2);
        driver.start(0);
        queue.write(0, new byte[512]);
        assertThat(queue.call.await(LIMIT)).as("the third buffer is at index 2, and the flag is ignored").isTrue();
    }

    @Test
    void doesNotNotifyBeforeTheUsedEvent() throws Exception {
        serve(0, RawDriver.FEATURES | RawDriver.EVENT_IDX);
        queue.setUsedEvent(0x8000);
        queue.write(0, new byte[512]);
        queue.write(0, new byte[512]);
        driver.stop(0);
        assertThat(queue.call.drain()).isFalse();
    }

    @Test
    void notifiesAcrossTheWrapOfTheIndex() throws Exception {
        serve(0, RawDriver.FEATURES | RawDriver.EVENT_IDX);
        driver.stop(0);
        queue.begin(0xffff);
        queue.setUsedEvent(0xffff);
        driver.start(0);
        drain();
        assertThat(queue.write(0, new byte[512])).isEqualTo(OK);
        assertThat(queue.usedIndex()).isZero();
        assertThat(queue.call.await(LIMIT)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, RawDriver.EVENT_IDX})
    void needsNoNotificationWhileItLooks(long eventIdx) throws Exception {
        serve(SPIN, RawDriver.FEATURES | eventIdx);
        if (eventIdx == 0) {
            Await.until("the device wants none", () -> queue.usedFlags() == 1);
        }
        write();
        queue.awaitUsed(1);
        write();
        queue.awaitUsed(2);
        assertThat(queue.usedFlags()).isEqualTo(eventIdx == 0 ? 1 : 0);
        assertThat(queue.availEvent()).isZero();
    }

    @Test
    void asksByTheFlagBeforeItSleeps() throws Exception {
        serve(0, RawDriver.FEATURES);
        Await.until("the device wants a notification", () -> queue.usedFlags() == 0);
        queue.write(0, new byte[512]);
        Await.until("the device wants a notification again", () -> queue.usedFlags() == 0);
    }

    @Test
    void asksByTheEventBeforeItSleeps() throws Exception {
        serve(0, RawDriver.FEATURES | RawDriver.EVENT_IDX);
        for (int i = 1; i <= 3; i++) {
            queue.write(0, new byte[512]);
            int next = i;
            Await.until("the event is at the next buffer", () -> queue.availEvent() == next);
        }
    }

    /** Each side notifies only when the other asks: one lost wake-up on either side and this never ends. */
    @ParameterizedTest
    @ValueSource(longs = {0, RawDriver.EVENT_IDX})
    void losesNoWakeUp(long eventIdx) throws Exception {
        serve(0, RawDriver.FEATURES | eventIdx);
        for (int i = 1; i <= 20_000; i++) {
            queue.setUsedEvent(i - 1);
            write();
            java.lang.invoke.VarHandle.fullFence();
            boolean wanted = eventIdx == 0 ? queue.usedFlags() == 0 : queue.availEvent() == (i - 1 & 0xffff);
            if (wanted) {
                queue.kick.signal();
            }
            assertThat(queue.call.await(LIMIT)).as("request " + i).isTrue();
            queue.awaitUsed(i);
        }
    }

    @Test
    void pollsWithoutAnEventFd() throws Exception {
        serve(0, RawDriver.FEATURES);
        driver.stop(0);
        driver.frontEnd.demand(RawFrontEnd.SET_VRING_KICK, RawFrontEnd.u64(1 << 8));
        for (int i = 1; i <= 100; i++) {
            write();
            queue.awaitUsed(i);
        }
    }

    @Test
    void aDriverCanPollToo() throws Exception {
        serve(0, RawDriver.FEATURES);
        driver.frontEnd.demand(RawFrontEnd.SET_VRING_CALL, RawFrontEnd.u64(1 << 8));
        drain();
        assertThat(queue.write(0, new byte[512])).isEqualTo(OK);
        driver.stop(0);
        assertThat(queue.call.drain()).isFalse();
    }
}
