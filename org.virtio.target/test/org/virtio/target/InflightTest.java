// SPDX-License-Identifier: Apache-2.0
package org.virtio.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.virtio.target.RawQueue.NEXT;
import static org.virtio.target.RawQueue.OK;
import static org.virtio.target.RawQueue.UNTOUCHED;
import static org.virtio.target.RawQueue.WRITE;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.virtio.target.backend.BlockTarget;

/** A back end goes, and another finds in the inflight memory what the first had taken and not used. */
@ExtendWith(NoLeaks.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class InflightTest {
    private static final int TABLES = 0x8000;

    @TempDir
    Path directory;
    private String path;
    private BlockTarget target;
    private RawDriver driver;
    private RawQueue queue;
    private RawInflight inflight;

    private void create(String faults) throws Exception {
        path = directory.resolve("t").toString();
        target = new BlockTarget(TargetOptions.ram(path, 1 << 20).withFaults(faults));
    }

    private void connect(String faults, long features) throws Exception {
        create(faults);
        driver = new RawDriver(path, RawDriver.FEATURES | features, 1);
        queue = driver.queues[0];
        driver.share();
    }

    private void serve(String faults, long features) throws Exception {
        connect(faults, features);
        inflight = RawInflight.get(driver);
        inflight.set(driver);
        driver.start(0);
    }

    /** The back end ends without a GET_VRING_BASE, and another has what it left. */
    private void crash(String faults, int... headsMeanwhile) throws Exception {
        driver.frontEnd.close();
        target.close();
        put(headsMeanwhile);
        queue.publish();
        create(faults);
        driver.reconnect(path);
        driver.share();
        inflight.set(driver);
        driver.start(0);
    }

    @AfterEach
    void stop() {
        driver.close();
        target.close();
        if (inflight != null) {
            inflight.close();
        }
    }

    private void put(int... heads) {
        for (int head : heads) {
            queue.lay(head, RawQueue.OUT, 0, new byte[512], 0);
            queue.put(head);
        }
    }

    private void offer(int... heads) {
        put(heads);
        queue.publish();
        queue.kick.signal();
    }

    /** Also until the back end has written down that they are no longer in flight. */
    private void awaitUsed(int index) {
        queue.awaitUsed(index);
        Await.until("it is written down", () -> inflight.usedIndex() == (index & 0xffff));
    }

    /** They are counted a little after they are used. */
    private void assertRequests(int count) {
        Await.until(count + " requests", () -> target.dto().requests >= count);
        assertThat(target.dto().requests).isEqualTo(count);
    }

    private List<Integer> used(int from, int to) {
        return IntStream.range(from, to).mapToObj(queue::usedId).toList();
    }

    @Test
    void exactlyWhatWasInFlightIsDoneInOrderAndThenWhatIsNew() throws Exception {
        serve("stall@3+", 0);
        offer(12, 0, 9, 3, 6);
        awaitUsed(2);
        assertThat(inflight.heads()).containsExactly(9, 3, 6);
        assertThat(target.dto().inflight).isTrue();
        crash(null, 15);
        awaitUsed(6);
        assertThat(used(0, 6)).containsExactly(12, 0, 9, 3, 6, 15);
        assertThat(queue.write(0, new byte[512])).isEqualTo(OK);
        assertRequests(5);
        awaitUsed(7);
        assertThat(inflight.heads()).isEmpty();
    }

    @Test
    void whatIsInFlightAgainIsFoundAgain() throws Exception {
        serve("stall@2", 0);
        offer(12, 9, 3);
        awaitUsed(2);
        assertThat(inflight.heads()).containsExactly(9);
        crash("stall@1+", 0, 6);
        Await.until("all are taken", () -> inflight.heads().equals(List.of(9, 0, 6)));
        assertThat(queue.usedIndex()).isEqualTo(2);
        crash(null);
        awaitUsed(5);
        assertThat(used(0, 5)).containsExactly(12, 3, 9, 0, 6);
        assertRequests(3);
    }

    /** Whoever goes on at the index that the stop tells finds all before it done. */
    @Test
    void whatAnotherHadBegunIsDoneBeforeTheRingStops() throws Exception {
        serve("stall@1+", 0);
        int[] heads = IntStream.range(0, queue.size / 3).map(i -> 3 * i).toArray();
        for (int round = 1; round <= 5; round++) {
            offer(heads);
            Await.until("all are taken", () -> inflight.heads().size() == heads.length);
            crash(null);
            assertThat(driver.stop(0)).isEqualTo(round * heads.length).isEqualTo(queue.usedIndex());
            driver.frontEnd.close();
            target.close();
            inflight.close();
            create("stall@1+");
            driver.reconnect(path);
            driver.share();
            inflight = RawInflight.get(driver);
            inflight.set(driver);
            driver.start(0);
        }
    }

    @Test
    void withNothingInFlightItGoesOnAtTheUsedIndex() throws Exception {
        serve(null, 0);
        for (int i = 0; i < 70; i++) {
            queue.write(0, new byte[512]);
        }
        crash(null);
        assertThat(queue.write(0, new byte[512])).isEqualTo(OK);
        assertThat(queue.usedIndex()).isEqualTo(71);
        assertRequests(1);
    }

    /** Twice as many as fit into a batch; the ring is full. */
    @ParameterizedTest
    @ValueSource(longs = {0, RawDriver.EVENT_IDX, RawDriver.IN_ORDER})
    void allMayBeInFlight(long features) throws Exception {
        serve("stall", features);
        int[] heads = IntStream.range(0, queue.size).map(i -> queue.size - 1 - i).toArray();
        for (int head : heads) {
            layFlush(head);
            queue.put(head);
        }
        queue.publish();
        queue.kick.signal();
        Await.until("all are taken", () -> inflight.heads().size() == queue.size);
        crash(null);
        awaitUsed(queue.size);
        for (int head : heads) {
            assertThat(queue.status(statusOfFlush(head))).isEqualTo(OK);
        }
        if (features != RawDriver.IN_ORDER) {
            assertThat(used(0, queue.size)).containsExactlyElementsOf(IntStream.of(heads).boxed().toList());
        }
        assertThat(queue.write(0, new byte[512])).isEqualTo(OK);
        assertRequests(queue.size + 1);
    }

    private void layFlush(int head) {
        int buffers = RawQueue.DATA + 0x100 * head;
        queue.header(buffers, RawQueue.FLUSH, 0);
        queue.memory.put(statusOfFlush(head), (byte) UNTOUCHED);
        queue.tableEntry(TABLES + 32 * head, queue.address(buffers), 16, NEXT, 1);
        queue.tableEntry(TABLES + 32 * head + 16, queue.address(statusOfFlush(head)), 1, WRITE, 0);
        queue.descriptor(head, queue.address(TABLES + 32 * head), 32, RawQueue.INDIRECT, 0);
    }

    private static int statusOfFlush(int head) {
        return RawQueue.DATA + 0x100 * head + 16;
    }

    /** Buffers that share a used element are in the last batch each, and what has stalled holds all that follow. */
    @Test
    void inOrderAllFromTheFirstThatStalledIsDoneAgain() throws Exception {
        serve("stall@3", RawDriver.IN_ORDER);
        offer(12, 0, 9, 3, 6);
        awaitUsed(2);
        assertThat(queue.usedId(0)).as("one element for both").isZero();
        assertThat(inflight.heads()).containsExactly(9, 3, 6);
        crash("reorder@100");
        awaitUsed(5);
        assertRequests(3);
        assertThat(queue.usedId(2)).isEqualTo(6);
    }

    /**
     * Of four chains that were taken, two were used by the last batch. The process ended before the first of these was
     * cleared, or between them, or before the used index was written down.
     */
    @ParameterizedTest
    @CsvSource({"10, 1, 1", "10, 1, 0", "10, 0, 1", "10, 0, 0", "65534, 1, 1", "65535, 1, 1", "65535, 0, 0"})
    void whatWasPublishedAndNotClearedIsNotDoneAgain(int before, int first, int second) throws Exception {
        connect(null, 0);
        queue.begin(before);
        put(3, 9, 6, 0, 12);
        queue.publish();
        queue.memory.putShort(RawQueue.USED + 2, (short) (before + 2));
        inflight = RawInflight.of(queue.size, before, 6);
        inflight.entry(3, first, 63, 100);
        inflight.entry(6, second, 3, 102);
        inflight.entry(9, 1, 0, 101);
        inflight.entry(0, 1, 0, 103);
        inflight.set(driver);
        driver.start(0);
        awaitUsed(before + 5);
        assertThat(used(before + 2, before + 5)).containsExactly(9, 0, 12);
        assertRequests(3);
        assertThat(queue.statusOf(3)).isEqualTo(UNTOUCHED);
        assertThat(queue.statusOf(6)).isEqualTo(UNTOUCHED);
        assertThat(inflight.heads()).isEmpty();
    }

    @Test
    void whatWasCompletedAndNotPublishedIsDoneAgain() throws Exception {
        connect(null, 0);
        put(3, 9);
        queue.publish();
        inflight = RawInflight.of(queue.size, 0, 9);
        inflight.entry(3, 1, 63, -1);
        inflight.entry(9, 1, 3, 0);
        inflight.set(driver);
        driver.start(0);
        awaitUsed(2);
        assertThat(used(0, 2)).as("counters are unsigned").containsExactly(9, 3);
        assertRequests(2);
    }

    @ParameterizedTest
    @CsvSource({"65533, 0", "65534, 0", "65535, 0", "65533, 1", "65535, 1"})
    void theUsedIndexMayWrap(int before, int inOrder) throws Exception {
        connect("stall@3+", inOrder == 0 ? 0 : RawDriver.IN_ORDER);
        inflight = RawInflight.of(queue.size, before, 0);
        inflight.set(driver);
        queue.begin(before);
        driver.start(0);
        offer(12, 0, 9, 3);
        awaitUsed(before + 2);
        assertThat(inflight.heads()).containsExactly(9, 3);
        crash(null);
        awaitUsed(before + 4);
        assertThat(queue.write(0, new byte[512])).isEqualTo(OK);
        assertRequests(3);
    }

    @Test
    void aRingThatPausesKeepsWhatItHas() throws Exception {
        serve("stall@1", 0);
        offer(9, 3);
        awaitUsed(1);
        driver.share();
        offer(0);
        awaitUsed(2);
        assertThat(used(0, 2)).containsExactly(3, 0);
        assertThat(inflight.heads()).containsExactly(9);
        crash(null);
        awaitUsed(3);
        assertThat(queue.usedId(2)).isEqualTo(9);
    }

    @ParameterizedTest
    @ValueSource(ints = {64, 128})
    void aRingInUseTakesItsRecordToOtherMemory(int size) throws Exception {
        serve("stall@2", 0);
        offer(0, 9, 3);
        awaitUsed(2);
        RawInflight before = inflight;
        inflight = RawInflight.get(driver, size);
        before.close();
        assertThat(inflight.version()).isEqualTo(1);
        assertThat(inflight.usedIndex()).isEqualTo(2);
        inflight.set(driver);
        offer(6);
        awaitUsed(3);
        assertThat(inflight.heads()).containsExactly(9);
        crash(null, 0);
        awaitUsed(5);
        assertThat(used(0, 5)).containsExactly(0, 3, 6, 9, 0);
        assertRequests(2);
    }

    @Test
    void aRingThatIsStoppedLeavesNothing() throws Exception {
        serve("stall@2", 0);
        offer(9, 3);
        awaitUsed(1);
        assertThat(driver.stop(0)).isEqualTo(2);
        assertThat(inflight.version()).isZero();
        crash(null);
        offer(6);
        awaitUsed(2);
        assertThat(queue.usedId(1)).as("it goes on at the base").isEqualTo(6);
        assertRequests(1);
    }

    @Test
    void anotherRingBeginsWithoutWhatOneHad() throws Exception {
        serve("stall@2", 0);
        offer(9, 3);
        awaitUsed(1);
        driver.stop(0);
        driver.replace(0, 16);
        queue = driver.queues[0];
        driver.start(0);
        assertThat(queue.write(0, new byte[512])).isEqualTo(OK);
        awaitUsed(1);
        assertThat(queue.usedId(0)).isZero();
        assertThat(inflight.heads()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"wrong-id@1", "id-not-in-flight@1", "duplicate@1", "duplicate", "reorder", "index-jump@1"})
    void aDeviceThatMisbehavesWritesNothingElsewhere(String fault) throws Exception {
        serve(fault, 0);
        offer(0, 3, 6);
        Await.until("they are used", () -> queue.usedIndex() >= 3);
        Await.until("it is written down", () -> inflight.usedIndex() == queue.usedIndex());
        assertThat(inflight.heads()).isSubsetOf(0);
        byte[] rest = new byte[inflight.memory.capacity() - 16 - 16 * 64];
        inflight.memory.get(16 + 16 * 64, rest);
        assertThat(rest).containsOnly(0);
    }

    /** Version 0 says that nothing is written down. */
    @Test
    void aPackedRingIsNotWrittenDown() throws Exception {
        serve("stall@2", RawDriver.PACKED);
        offer(9, 3, 6);
        queue.awaitUsed(2);
        byte[] all = new byte[inflight.memory.capacity()];
        inflight.memory.get(0, all);
        assertThat(all).containsOnly(0);
    }

    @Test
    void withoutTheMemoryAllIsAsBefore() throws Exception {
        connect("stall@2", 0);
        driver.start(0);
        offer(9, 3, 6);
        queue.awaitUsed(2);
        assertThat(target.dto().inflight).isFalse();
        assertThat(driver.stop(0)).isEqualTo(3);
    }
}
