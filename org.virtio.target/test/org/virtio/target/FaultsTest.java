// SPDX-License-Identifier: Apache-2.0
package org.virtio.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.virtio.target.RawFrontEnd.payload;
import static org.virtio.target.RawFrontEnd.state;
import static org.virtio.target.RawFrontEnd.u64;
import static org.virtio.target.RawQueue.IOERR;
import static org.virtio.target.RawQueue.OK;
import static org.virtio.target.RawQueue.UNSUPP;
import static org.virtio.target.RawQueue.UNTOUCHED;
import static org.virtio.target.RawQueue.WRITE;

import java.nio.file.Path;
import java.util.Arrays;
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
import org.virtio.device.FeatureSet;
import org.virtio.spec.Feature;
import org.virtio.target.backend.BlockTarget;

/** A target misbehaves exactly as it is told to, in both ring formats. */
@ParameterizedClass
@ValueSource(longs = {0, RawDriver.PACKED})
@ExtendWith(NoLeaks.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FaultsTest {
    private static final long LIMIT = TimeUnit.SECONDS.toNanos(20);

    @Parameter
    long format;
    @TempDir
    Path directory;
    private BlockTarget target;
    private RawDriver driver;
    private RawQueue queue;

    private void serve(String faults) throws Exception {
        create(faults);
        driver = RawDriver.running(directory.resolve("t").toString(), RawDriver.FEATURES | format, 1);
        queue = driver.queues[0];
    }

    private void create(String faults) throws Exception {
        target = new BlockTarget(TargetOptions.ram(directory.resolve("t").toString(), 1 << 20).withFaults(faults));
    }

    @AfterEach
    void stop() {
        if (driver != null) {
            driver.close();
        }
        if (target != null) {
            target.close();
        }
    }

    /** Offers so many writes at once, from heads 0, 3, 6 and so on, and waits for the used index. */
    private void offer(int count, int used) {
        for (int i = 0; i < count; i++) {
            queue.lay(3 * i, RawQueue.OUT, i, new byte[512], 0);
            queue.put(3 * i);
        }
        queue.publish();
        queue.kick.signal();
        queue.awaitUsed(used);
    }

    @Test
    void wrongId() throws Exception {
        serve("wrong-id@2");
        offer(3, 3);
        assertThat(queue.usedId(0)).isZero();
        assertThat(queue.usedId(1)).isEqualTo(queue.size + 3);
        assertThat(queue.usedId(2)).isEqualTo(6);
    }

    @Test
    void idNotInFlight() throws Exception {
        serve("id-not-in-flight@1");
        offer(2, 2);
        assertThat(queue.usedId(0)).isEqualTo(1);
        assertThat(queue.usedId(1)).isEqualTo(3);
    }

    @Test
    void duplicate() throws Exception {
        serve("duplicate@2");
        offer(3, 4);
        assertThat(new int[] {queue.usedId(0), queue.usedId(1), queue.usedId(2), queue.usedId(3)}).containsExactly(0, 3, 3, 6);
    }

    @Test
    void longLength() throws Exception {
        serve("long-length@2+");
        offer(3, 3);
        assertThat(new int[] {queue.usedLength(0), queue.usedLength(1), queue.usedLength(2)}).containsExactly(1, 2, 2);
    }

    @Test
    void shortLength() throws Exception {
        serve("short-length");
        assertThat(queue.request(RawQueue.IN, 0, new byte[0], 512)).isEqualTo(OK);
        assertThat(queue.usedLength(0)).isZero();
    }

    @Test
    void indexJump() throws Exception {
        serve("index-jump@1");
        if (format == 0) {
            offer(1, 65);
            return;
        }
        offer(1, 0);
        Await.until("a used descriptor of the wrong lap", () -> queue.memory().getInt(12) == WRITE << 16);
        assertThat(queue.usedIndex()).isZero();
    }

    @Test
    void stall() throws Exception {
        serve("stall@2");
        offer(3, 2);
        assertThat(new int[] {queue.usedId(0), queue.usedId(1)}).containsExactly(0, 6);
        assertThat(queue.statusOf(3)).isEqualTo(UNTOUCHED);
        assertThat(driver.stop(0)).isEqualTo(queue.base());
        assertThat(queue.usedIndex()).isEqualTo(2);
    }

    /** A driver that makes descriptors available which are in flight, in the next lap. */
    @Test
    void takesNoMoreThanTheRingHas() throws Exception {
        format = RawDriver.PACKED | RawDriver.EVENT_IDX;
        serve("stall");
        for (int i = 0; i < 20; i++) {
            queue.lay(3 * i, RawQueue.OUT, 0, new byte[512], 0);
            queue.put(3 * i);
        }
        queue.publish();
        queue.kick.signal();
        Await.until("all were taken", () -> queue.wantsKick(20, true));
        queue.lay(0, RawQueue.OUT, 0, new byte[512], 0);
        queue.put(0);
        queue.publish();
        queue.kick.signal();
        assertThat(queue.error.await(LIMIT)).isTrue();
        assertThat(driver.stop(0)).as("60 of 61 descriptors").isEqualTo((0 | 1 << 15) << 16 | 60 | 1 << 15);
    }

    @Test
    void reorder() throws Exception {
        serve("reorder@1");
        offer(4, 4);
        assertThat(new int[] {queue.usedId(0), queue.usedId(1), queue.usedId(2), queue.usedId(3)}).containsExactly(9, 6, 3, 0);
        queue.write(0, new byte[512]);
        assertThat(queue.usedId(4)).isZero();
    }

    @Test
    void disconnect() throws Exception {
        serve("disconnect@3");
        offer(3, 2);
        driver.frontEnd.awaitEnd();
        assertThat(queue.statusOf(6)).isEqualTo(UNTOUCHED);
        driver.close();
        driver = RawDriver.running(directory.resolve("t").toString(), RawDriver.FEATURES | format, 1);
        assertThat(driver.queues[0].write(0, new byte[512])).as("the fourth request").isEqualTo(OK);
    }

    @Test
    void statuses() throws Exception {
        serve("ioerr@2, unsupp@3,garbage-status@4,no-status@5");
        byte[] data = new byte[512];
        Arrays.fill(data, (byte) 7);
        assertThat(queue.write(0, data)).isEqualTo(OK);
        assertThat(queue.write(1, data)).isEqualTo(IOERR);
        assertThat(queue.write(2, data)).isEqualTo(UNSUPP);
        assertThat(queue.write(3, data)).isEqualTo(0x5a);
        assertThat(queue.write(4, data)).isEqualTo(UNTOUCHED);
        assertThat(queue.read(0, 512)).isEqualTo(data);
        assertThat(queue.read(1, 1024)).containsOnly(0);
    }

    @Test
    void corruptData() throws Exception {
        serve("corrupt-data@2");
        queue.write(0, new byte[512]);
        byte[] expected = new byte[512];
        expected[0] = -1;
        assertThat(queue.read(0, 512)).isEqualTo(expected);
        assertThat(queue.read(0, 512)).containsOnly(0);
    }

    @Test
    void lost() throws Exception {
        serve("lost@1");
        byte[] data = new byte[512];
        Arrays.fill(data, (byte) 7);
        assertThat(queue.write(0, data)).isEqualTo(OK);
        assertThat(queue.read(0, 512)).containsOnly(0);
    }

    @Test
    void noNotify() throws Exception {
        serve("no-notify@1");
        queue.write(0, new byte[512]);
        driver.stop(0);
        assertThat(queue.call.drain()).isFalse();
        driver.start(0);
        queue.write(0, new byte[512]);
        assertThat(queue.call.await(LIMIT)).isTrue();
    }

    @Test
    void noReply() throws Exception {
        serve("no-reply@GET_QUEUE_NUM");
        driver.frontEnd.tell(RawFrontEnd.GET_QUEUE_NUM, payload(0));
        assertThat(driver.frontEnd.askU64(RawFrontEnd.GET_STATUS)).as("the next reply").isZero();
    }

    @Test
    void garbageReply() throws Exception {
        serve("garbage-reply@GET_CONFIG");
        driver.frontEnd.tell(RawFrontEnd.GET_CONFIG, payload(12));
        assertThat(driver.frontEnd.receive(32).getLong(0)).isEqualTo(-1);
    }

    @Test
    void refuse() throws Exception {
        serve("refuse@SET_STATUS,refuse@GET_CONFIG");
        assertThat(driver.frontEnd.acknowledged(RawFrontEnd.SET_STATUS, u64(1))).isNotZero();
        assertThat(driver.frontEnd.askU64(RawFrontEnd.GET_STATUS)).isZero();
        driver.frontEnd.tell(RawFrontEnd.GET_CONFIG, payload(12));
        driver.frontEnd.awaitEnd();
    }

    @Test
    void close() throws Exception {
        serve("close@SET_VRING_ENDIAN");
        driver.frontEnd.tell(23, state(0, 0));
        driver.frontEnd.awaitEnd();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", ",", " , "})
    void none(String faults) throws Exception {
        serve(faults);
        assertThat(queue.write(0, new byte[512])).isEqualTo(OK);
    }

    @Test
    void withheldFeaturesAreNotOfferedWhateverElseIsSet() throws Exception {
        target = new BlockTarget(TargetOptions.ram(directory.resolve("t").toString(), 1 << 20)
            .withoutFeatures(FeatureSet.of(Feature.IN_ORDER, Feature.RING_RESET, Feature.EVENT_IDX))
            .withFaults("ioerr@100").withSpinNanos(0).withQueues(1));
        assertThat(target.dto().withheld).containsExactly("EVENT_IDX", "IN_ORDER", "RING_RESET");
        driver = RawDriver.running(directory.resolve("t").toString(), RawDriver.FEATURES | format, 1);
        long offered = driver.frontEnd.askU64(RawFrontEnd.GET_FEATURES);
        long withheld = RawDriver.IN_ORDER | RawDriver.RING_RESET | RawDriver.EVENT_IDX;
        assertThat(offered & (withheld | RawDriver.PACKED)).isEqualTo(RawDriver.PACKED);
        assertThat(driver.frontEnd.acknowledged(RawFrontEnd.SET_FEATURES, u64(RawDriver.FEATURES | RawDriver.IN_ORDER)))
            .isNotZero();
        assertThat(driver.queues[0].write(0, new byte[512])).isEqualTo(OK);
    }

    @Test
    void anUnknownFaultIsRefusedWithTheKnown() {
        assertThatIllegalArgumentException().isThrownBy(() -> create("ioerr@1,wrong@2"))
            .withMessageContainingAll("unknown fault wrong@2", "wrong-id", "id-not-in-flight", "no-reply");
        assertThatIllegalArgumentException().isThrownBy(() -> create("refuse@SOMETHING"))
            .withMessageContainingAll("refuse@SOMETHING", "SET_MEM_TABLE");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ioerr@0", "ioerr@-1", "ioerr@x", "ioerr@+", "ioerr@1-2", "refuse", "no-reply@7", "IOERR@1",
        "without@RING_PACKED"})
    void nonsenseIsRefused(String faults) {
        assertThatIllegalArgumentException().isThrownBy(() -> create(faults)).withMessageContaining(faults);
    }
}
