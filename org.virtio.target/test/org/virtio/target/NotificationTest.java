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
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.virtio.target.backend.BlockTarget;

/** Both directions, with event_idx and with the flags, in both ring formats. */
@ParameterizedClass
@ValueSource(longs = {0, RawDriver.PACKED})
@ExtendWith(NoLeaks.class)
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NotificationTest {
    private static final long LIMIT = TimeUnit.SECONDS.toNanos(20);
    /** Long enough that the device never sleeps in a test that does not want it to. */
    private static final long SPIN = TimeUnit.SECONDS.toNanos(100);

    @Parameter
    long format;
    @TempDir
    Path directory;
    private BlockTarget target;
    private RawDriver driver;
    private RawQueue queue;

    private void serve(long spinNanos, long features) throws Exception {
        target = new BlockTarget(TargetOptions.ram(directory.resolve("t").toString(), 1 << 20).withSpinNanos(spinNanos));
        driver = RawDriver.running(directory.resolve("t").toString(), features | format, 1);
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
        queue.setUsedEvent(20);
        queue.write(0, new byte[512]);
        queue.write(0, new byte[512]);
        driver.stop(0);
        assertThat(queue.call.drain()).isFalse();
    }

    @Test
    void notifiesAcrossTheWrapOfTheIndex() throws Exception {
        serve(0, RawDriver.FEATURES | RawDriver.EVENT_IDX);
        driver.stop(0);
        int last = format == 0 ? 0xffff : queue.size - 1;
        queue.begin(last);
        queue.setUsedEvent(last);
        driver.start(0);
        drain();
        assertThat(queue.write(0, new byte[512])).isEqualTo(OK);
        assertThat(queue.usedIndex()).isEqualTo(last + 1 & 0xffff);
        assertThat(queue.call.await(LIMIT)).isTrue();
    }

    /** One notification for a batch, if the event is anywhere in it; in a packed ring also within a chain. */
    @ParameterizedTest
    @ValueSource(ints = {0, 2, 4})
    void notifiesOfAnEventWithinABatch(int event) throws Exception {
        serve(0, RawDriver.FEATURES | RawDriver.EVENT_IDX);
        queue.setUsedEvent(event);
        if (format != 0) {
            queue.memory().putShort(RawQueue.AVAILABLE, (short) (3 * event + 1 | 0x8000));
        }
        for (int i = 0; i < 5; i++) {
            queue.lay(3 * i, RawQueue.OUT, 0, new byte[512], 0);
            queue.put(3 * i);
        }
        queue.publish();
        queue.kick.signal();
        assertThat(queue.call.await(LIMIT)).isTrue();
        assertThat(queue.usedIndex()).isEqualTo(5);
        driver.stop(0);
        assertThat(queue.call.drain()).isFalse();
    }

    /** The same place has another wrap counter in the next lap. */
    @Test
    void notifiesInTheLapOfTheEvent() throws Exception {
        serve(0, RawDriver.FEATURES | RawDriver.EVENT_IDX | RawDriver.PACKED);
        queue.memory().putInt(RawQueue.AVAILABLE, 5 | 2 << 16);
        for (int i = 0; i < 21; i++) {
            queue.write(0, new byte[512]);
        }
        driver.stop(0);
        assertThat(queue.call.drain()).as("places 0 to 60 and 0 to 1 of the next lap").isFalse();
        driver.start(0);
        queue.write(0, new byte[512]);
        queue.write(0, new byte[512]);
        assertThat(queue.call.await(LIMIT)).as("places 2 to 7").isTrue();
    }

    /** The flags that are reserved, and those that were not negotiated, must not leave the driver asleep. */
    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void notifiesADriverWhoseFlagsMeanNothing(int flags) throws Exception {
        serve(0, RawDriver.FEATURES | RawDriver.PACKED);
        queue.memory().putInt(RawQueue.AVAILABLE, 40 | flags << 16);
        queue.write(0, new byte[512]);
        assertThat(queue.call.await(LIMIT)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, RawDriver.EVENT_IDX})
    void needsNoNotificationWhileItLooks(long eventIdx) throws Exception {
        serve(SPIN, RawDriver.FEATURES | eventIdx);
        int flags = eventIdx == 0 || format != 0 ? 1 : 0;
        Await.until("the device wants none", () -> queue.usedFlags() == flags);
        write();
        queue.awaitUsed(1);
        write();
        queue.awaitUsed(2);
        assertThat(queue.usedFlags()).isEqualTo(flags);
        assertThat(queue.wantsKick(2, eventIdx != 0)).isFalse();
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
            Await.until("the event is at the next buffer", () -> queue.wantsKick(next, true));
        }
    }

    /** Each side notifies only when the other asks: one lost wake-up on either side and this never ends. */
    @ParameterizedTest
    @ValueSource(longs = {0, RawDriver.EVENT_IDX})
    void losesNoWakeUp(long eventIdx) throws Exception {
        serve(0, RawDriver.FEATURES | eventIdx);
        for (int i = 1; i <= 20_000; i++) {
            if (eventIdx != 0) {
                queue.setUsedEvent(i - 1);
            }
            write();
            java.lang.invoke.VarHandle.fullFence();
            if (queue.wantsKick(i - 1, eventIdx != 0)) {
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
