// SPDX-License-Identifier: Apache-2.0
package org.virtio.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.virtio.target.RawFrontEnd.inflight;
import static org.virtio.target.RawFrontEnd.payload;
import static org.virtio.target.RawFrontEnd.state;
import static org.virtio.target.RawFrontEnd.u64;
import static org.virtio.target.RawQueue.OK;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.virtio.posix.EventFd;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.SharedMemory;
import org.virtio.target.backend.BlockTarget;

/** Whatever a front end gives for inflight memory, it harms its own queue at the most. */
@ExtendWith(NoLeaks.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class InflightMemoryTest {
    private static final long LIMIT = TimeUnit.SECONDS.toNanos(20);
    /** Bytes for a queue of 64. */
    private static final int PART = 1088;

    @TempDir
    Path directory;
    private String path;
    private BlockTarget target;
    private RawDriver driver;
    private SharedMemory memory;

    @BeforeEach
    void start() throws Exception {
        path = directory.resolve("t").toString();
        target = new BlockTarget(TargetOptions.ram(path, 1 << 20).withQueues(2));
        driver = new RawDriver(path, RawDriver.FEATURES, 2);
        driver.share();
        memory = SharedMemory.create("inflight", 4096, false);
    }

    @AfterEach
    void stop() {
        driver.close();
        target.close();
        memory.close();
    }

    private void assertWorks(int index) {
        assertThat(driver.queues[index].write(0, new byte[512])).isEqualTo(OK);
    }

    /** The first queue, which may be broken before the last message is acknowledged. */
    private void startAnyhow() throws Exception {
        RawQueue queue = driver.queues[0];
        driver.frontEnd.demand(RawFrontEnd.SET_VRING_ERR, u64(0), queue.error.fd());
        driver.frontEnd.demand(RawFrontEnd.SET_VRING_NUM, state(0, queue.size));
        driver.frontEnd.demand(RawFrontEnd.SET_VRING_ADDR, RawDriver.addresses(0));
        driver.frontEnd.demand(RawFrontEnd.SET_VRING_ENABLE, state(0, 1));
        driver.frontEnd.acknowledged(RawFrontEnd.SET_VRING_KICK, u64(0), queue.kick.fd());
    }

    private long set(ByteBuffer description, FileDescriptor fd) throws Exception {
        return driver.frontEnd.acknowledged(RawFrontEnd.SET_INFLIGHT_FD, description, fd);
    }

    @ParameterizedTest
    @CsvSource({"2176, 0, 0, 64", "2176, 0, 3, 64", "2176, 0, 65535, 64", "2176, 0, 2, 0", "2176, 0, 2, 32769",
        "2175, 0, 2, 64", "0, 0, 2, 64", "2176, 1984, 2, 64", "2176, 4096, 2, 64", "2176, 0x4000000000000000, 2, 64",
        "2176, 0x7fffffffffffffc0, 2, 64", "2176, -64, 2, 64", "2176, 4, 2, 64", "4096, 0, 2, 128"})
    void refusesWhatCannotBe(String size, String offset, int queues, int queueSize) throws Exception {
        ByteBuffer description = inflight(Long.decode(size), Long.decode(offset), queues, queueSize);
        assertThat(set(description, memory.fd())).isNotZero();
        assertThat(target.dto().inflight).isFalse();
        driver.start(0);
        assertWorks(0);
    }

    @ParameterizedTest
    @CsvSource({"2176, 0, 2, 64", "-1, 0, 2, 64", "2176, 1920, 2, 64", "1088, 64, 1, 64", "40, 4032, 1, 1"})
    void takesWhatFits(long size, long offset, int queues, int queueSize) throws Exception {
        assertThat(set(inflight(size, offset, queues, queueSize), memory.fd())).isEqualTo(size < 64 && size > 0 ? 1 : 0);
    }

    @Test
    void refusesWhatCannotBeMapped() throws Exception {
        try (EventFd eventFd = EventFd.create()) {
            assertThat(set(inflight(2L * PART, 0, 2, 64), eventFd.fd())).isNotZero();
        }
        driver.start(0);
        assertWorks(0);
    }

    @ParameterizedTest
    @CsvSource({"0, 64", "3, 64", "2, 0", "2, 65535"})
    void cannotMakeAnyForQueuesThatCannotBe(int queues, int queueSize) throws Exception {
        driver.frontEnd.tell(RawFrontEnd.GET_INFLIGHT_FD, inflight(0, 0, queues, queueSize));
        driver.frontEnd.awaitEnd();
    }

    @Test
    void makesItAgainAndAgain() throws Exception {
        for (int i = 0; i < 10; i++) {
            ByteBuffer description = inflight(0, 0, 2, 32768);
            driver.frontEnd.askFd(RawFrontEnd.GET_INFLIGHT_FD, description).close();
            assertThat(description.getLong(0)).isGreaterThanOrEqualTo(2 * 16 * 32768L);
            assertThat(set(inflight(2L * PART, 0, 2, 64), memory.fd())).isZero();
        }
        driver.start(0);
        assertWorks(0);
    }

    @Test
    void hasRoomForQueuesThatRunOrIsRefused() throws Exception {
        assertThat(set(inflight(2L * PART, 0, 2, 64), memory.fd())).isZero();
        driver.start(1);
        assertWorks(1);
        assertThat(set(inflight(2L * PART, 0, 1, 64), memory.fd())).isNotZero();
        assertThat(set(inflight(2L * PART, 0, 2, 32), memory.fd())).isNotZero();
        assertWorks(1);
        assertThat(memory.mapping().buffer().getShort(PART + 14)).as("it is where it was").isEqualTo((short) 2);
        driver.stop(1);
        assertThat(set(inflight(2L * PART, 0, 1, 64), memory.fd())).isZero();
    }

    @ParameterizedTest
    @CsvSource({"1, 64, 1", "2, 32, 0"})
    void aQueueThatItHasNoRoomForDoesNotRun(int queues, int queueSize, int index) throws Exception {
        assertThat(set(inflight(2L * PART, 0, queues, queueSize), memory.fd())).isZero();
        driver.frontEnd.demand(RawFrontEnd.SET_VRING_NUM, state(index, 64));
        driver.frontEnd.demand(RawFrontEnd.SET_VRING_ADDR, RawDriver.addresses(index));
        driver.frontEnd.demand(RawFrontEnd.SET_VRING_ENABLE, state(index, 1));
        assertThat(driver.frontEnd.acknowledged(RawFrontEnd.SET_VRING_KICK, u64(index), driver.queues[index].kick.fd()))
            .isNotZero();
        if (queues == 1) {
            driver.start(0);
            assertWorks(0);
        }
    }

    /** The first queue's part says what it must not; the second is served. */
    @ParameterizedTest
    @CsvSource({"8, 2", "8, 0xffff", "0, 1", "10, 0", "10, 63", "10, 65", "12, 64", "12, 0xffff", "16, 2", "16, 0xff",
        "1024, 1", "14, 100"})
    void aPartThatCannotBeBreaksItsQueue(String offset, String value) throws Exception {
        ByteBuffer part = memory.mapping().buffer();
        part.putShort(8, (short) 1).putShort(10, (short) 64).put(16 + 16 * 3, (byte) 1);
        part.putShort(Integer.decode(offset), Integer.decode(value).shortValue());
        RawQueue queue = driver.queues[0];
        queue.lay(3, RawQueue.FLUSH, 0, new byte[0], 0);
        queue.put(3);
        queue.publish();
        assertThat(set(inflight(2L * PART, 0, 2, 64), memory.fd())).isZero();
        driver.start(1);
        startAnyhow();
        assertThat(queue.error.await(LIMIT)).isTrue();
        assertThat(queue.usedIndex()).isZero();
        assertWorks(1);
        driver.stop(0);
        driver.replace(0, 64);
        driver.start(0);
        assertWorks(0);
    }

    /** A part of 64 entries for a queue of 32, whose 40th is in flight. */
    @Test
    void aChainThatTheQueueCannotHaveBreaksIt() throws Exception {
        memory.mapping().buffer().putShort(8, (short) 1).putShort(10, (short) 64).put(16 + 16 * 40, (byte) 1);
        driver.replace(0, 32);
        driver.queues[0].put(0);
        driver.queues[0].publish();
        assertThat(set(inflight(2L * PART, 0, 2, 64), memory.fd())).isZero();
        startAnyhow();
        assertThat(driver.queues[0].error.await(LIMIT)).isTrue();
    }

    @Test
    void chainsOfTheSameCounterAreEachDone() throws Exception {
        ByteBuffer part = memory.mapping().buffer();
        part.putShort(8, (short) 1).putShort(10, (short) 64);
        RawQueue queue = driver.queues[0];
        for (int head : new int[] {6, 3, 9}) {
            part.put(16 + 16 * head, (byte) 1).putLong(24 + 16 * head, 5);
            queue.lay(head, RawQueue.FLUSH, 0, new byte[0], 0);
            queue.put(head);
        }
        queue.publish();
        assertThat(set(inflight(2L * PART, 0, 2, 64), memory.fd())).isZero();
        driver.start(0);
        queue.awaitUsed(3);
        assertThat(new int[] {queue.usedId(0), queue.usedId(1), queue.usedId(2)}).containsExactlyInAnyOrder(3, 6, 9);
        assertWorks(0);
    }

    @Test
    void garbageHarmsNobodyElse() throws Exception {
        Random random = new Random(1);
        byte[] garbage = new byte[PART];
        assertThat(set(inflight(2L * PART, 0, 2, 64), memory.fd())).isZero();
        driver.start(1);
        for (int i = 0; i < 300; i++) {
            random.nextBytes(garbage);
            ByteBuffer part = memory.mapping().buffer().put(0, garbage);
            if (i % 3 > 0) {
                part.putLong(0, 0).putShort(8, (short) 1).putShort(10, (short) 64).putShort(12, (short) (i % 64));
                part.putShort(14, (short) (i % 3 == 1 ? 0 : -i % 64));
            }
            for (int head = 0; head < 64 && i % 3 == 2; head++) {
                part.put(16 + 16 * head, (byte) (part.get(16 + 16 * head) & 1)).putShort(22 + 16 * head, (short) (head * i % 64));
            }
            driver.replace(0, 64);
            driver.queues[0].setAvailableIndex(i % 70);
            startAnyhow();
            assertWorks(1);
            driver.stop(0);
        }
        memory.mapping().buffer().put(0, new byte[PART]);
        driver.replace(0, 64);
        driver.start(0);
        assertWorks(0);
    }

    @Test
    void survivesAFrontEndThatCutsIt() throws Exception {
        Path file = directory.resolve("inflight");
        Files.write(file, new byte[4096]);
        try (FileDescriptor fd = DriverMemoryTest.open(file);
             FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            assertThat(set(inflight(2L * PART, 0, 2, 64), fd)).isZero();
            driver.start(0);
            assertWorks(0);
            channel.truncate(0);
            RawQueue queue = driver.queues[0];
            queue.lay(0, RawQueue.FLUSH, 0, new byte[0], 0);
            queue.offer(0);
            Await.until("the request is used or breaks the queue", () -> queue.usedIndex() == 2 || queue.error.drain());
            driver.frontEnd.tell(RawFrontEnd.GET_VRING_BASE, state(0, 0));
        }
        driver.close();
        driver = RawDriver.running(path, RawDriver.FEATURES, 2);
        assertWorks(0);
        assertThat(driver.frontEnd.ask(RawFrontEnd.GET_FEATURES, payload(0)).getLong(0)).isNotZero();
    }
}
