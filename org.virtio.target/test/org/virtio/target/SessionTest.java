// SPDX-License-Identifier: Apache-2.0
package org.virtio.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.virtio.target.RawFrontEnd.payload;
import static org.virtio.target.RawFrontEnd.state;
import static org.virtio.target.RawFrontEnd.u64;
import static org.virtio.target.RawQueue.OK;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.virtio.posix.UnixSocket;
import org.virtio.target.backend.BlockTarget;

@ExtendWith(NoLeaks.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SessionTest {
    private static final int GARBAGE = 0xffff;

    @TempDir
    Path directory;
    private String path;
    private BlockTarget target;
    private RawDriver driver;

    @BeforeEach
    void start() throws Exception {
        path = directory.resolve("t").toString();
        target = new BlockTarget(TargetOptions.ram(path, 1 << 20).withQueues(2));
        driver = RawDriver.running(path, RawDriver.FEATURES, 2);
    }

    @AfterEach
    void stop() {
        driver.close();
        target.close();
    }

    @Test
    void offersWhatItCan() throws Exception {
        long features = driver.frontEnd.askU64(RawFrontEnd.GET_FEATURES);
        assertThat(features).isEqualTo(1 << 2 | 1 << 6 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14
            | 1L << 28 | 1L << 29 | 1L << 30 | 1L << 32 | 1L << 34 | 1L << 35 | 1L << 40);
        assertThat(driver.frontEnd.askU64(RawFrontEnd.GET_PROTOCOL_FEATURES))
            .isEqualTo(RawFrontEnd.ALL_PROTOCOL_FEATURES);
        assertThat(driver.frontEnd.askU64(RawFrontEnd.GET_QUEUE_NUM)).isEqualTo(2);
        assertThat(driver.frontEnd.askU64(RawFrontEnd.GET_MAX_MEM_SLOTS)).isEqualTo(32);
    }

    @Test
    void hasAConfiguration() throws Exception {
        ByteBuffer config = ByteBuffer.wrap(driver.frontEnd.config(0, 60)).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        assertThat(config.getLong(0)).as("capacity").isEqualTo(2048);
        assertThat(config.getInt(8)).as("size_max").isZero();
        assertThat(config.getInt(12)).as("seg_max").isEqualTo(126);
        assertThat(config.getInt(20)).as("blk_size").isEqualTo(512);
        assertThat(config.get(24)).as("physical_block_exp").isZero();
        assertThat(config.get(32)).as("writeback").isEqualTo((byte) 1);
        assertThat(config.get(33)).as("unused0").isZero();
        assertThat(config.getShort(34)).as("num_queues").isEqualTo((short) 2);
        assertThat(config.getInt(36)).as("max_discard_sectors").isEqualTo(1 << 21);
        assertThat(config.getInt(40)).as("max_discard_seg").isEqualTo(32);
        assertThat(config.getInt(44)).as("discard_sector_alignment").isEqualTo(1);
        assertThat(config.getInt(48)).as("max_write_zeroes_sectors").isEqualTo(1 << 21);
        assertThat(config.getInt(52)).as("max_write_zeroes_seg").isEqualTo(32);
        assertThat(config.getInt(56)).as("write_zeroes_may_unmap, unused1").isZero();
        assertThat(driver.frontEnd.config(34, 2)).containsExactly(2, 0);
        assertThat(driver.frontEnd.config(50, 206)).endsWith(new byte[196]);
        ByteBuffer tooMuch = payload(12 + 257).putInt(4, 257);
        assertThat(driver.frontEnd.ask(RawFrontEnd.GET_CONFIG, tooMuch).capacity()).isZero();
    }

    private long setConfig(int offset, int value, int flags) throws Exception {
        return driver.frontEnd.acknowledged(RawFrontEnd.SET_CONFIG,
            payload(13).putInt(0, offset).putInt(4, 1).putInt(8, flags).put(12, (byte) value));
    }

    @Test
    void onlyTheCacheModeCanBeWritten() throws Exception {
        driver.frontEnd.demand(RawFrontEnd.SET_FEATURES, u64(RawDriver.FEATURES | RawDriver.CONFIG_WCE));
        assertThat(setConfig(32, 1, 0)).isZero();
        assertThat(driver.frontEnd.config(32, 1)).containsExactly(1);
        assertThat(setConfig(32, 0, 0)).isZero();
        assertThat(driver.frontEnd.config(32, 1)).containsExactly(0);
        assertThat(setConfig(32, 2, 0)).isNotZero();
        assertThat(setConfig(32, 1, 1)).isNotZero();
        assertThat(setConfig(0, 1, 0)).isNotZero();
        assertThat(driver.queues[0].write(0, new byte[512])).isEqualTo(OK);
    }

    @Test
    void writesAreDurableForADriverThatCannotFlush() throws Exception {
        driver.frontEnd.demand(RawFrontEnd.SET_FEATURES, u64(RawDriver.FEATURES & ~RawDriver.FLUSH));
        assertThat(driver.frontEnd.config(32, 1)).containsExactly(0);
        driver.frontEnd.demand(RawFrontEnd.SET_FEATURES, u64(RawDriver.FEATURES));
        assertThat(driver.frontEnd.config(32, 1)).containsExactly(1);
    }

    @Test
    void featuresSetAheadOfTheRestDoNotMakeWritesDurable() throws Exception {
        driver.frontEnd.demand(RawFrontEnd.SET_FEATURES, u64(RawDriver.FEATURES & ~RawDriver.FLUSH));
        driver.frontEnd.demand(RawFrontEnd.SET_FEATURES, u64(RawDriver.FEATURES | RawDriver.CONFIG_WCE));
        assertThat(driver.frontEnd.config(32, 1)).containsExactly(1);
        assertThat(setConfig(32, 0, 0)).isZero();
        driver.frontEnd.demand(RawFrontEnd.SET_FEATURES, u64(RawDriver.FEATURES | RawDriver.CONFIG_WCE));
        assertThat(driver.frontEnd.config(32, 1)).containsExactly(0);
    }

    @Test
    void refusesFeaturesThatItDoesNotOffer() throws Exception {
        assertThat(driver.frontEnd.acknowledged(RawFrontEnd.SET_FEATURES, u64(RawDriver.FEATURES | 1L << 38))).isNotZero();
        assertThat(driver.frontEnd.acknowledged(RawFrontEnd.SET_PROTOCOL_FEATURES, u64(1 << 13))).isNotZero();
        assertThat(driver.queues[0].write(0, new byte[512])).isEqualTo(OK);
    }

    @ParameterizedTest
    @CsvSource({"8, 0, 0", "8, 0, 3", "8, 0, 65536", "8, 2, 64", "10, 0, 65536", "10, -1, 0", "18, 2, 1"})
    void refusesWhatIsOutOfRange(int request, int index, int num) throws Exception {
        assertThat(driver.frontEnd.acknowledged(request, state(index, num))).isNotZero();
        assertThat(driver.queues[0].write(0, new byte[512])).isEqualTo(OK);
    }

    /** LOG_BASE, RARP, RESET_DEVICE, IOTLB and what was invented after this was written. */
    @ParameterizedTest
    @CsvSource({"6, 8", "19, 8", "34, 0", "41, 0", "1000, 8", "-1, 8", "0, 0"})
    void refusesWhatItDoesNotKnow(int request, int size) throws Exception {
        assertThat(driver.frontEnd.acknowledged(request, payload(size))).isNotZero();
        assertThat(driver.queues[0].write(0, new byte[512])).isEqualTo(OK);
    }

    @Test
    void closesTheConnectionIfItCannotRefuse() throws Exception {
        driver.frontEnd.tell(RawFrontEnd.SET_VRING_NUM, state(0, 3));
        driver.frontEnd.awaitEnd();
    }

    @ParameterizedTest
    @CsvSource({"1, 2, 0", "1, 1, 4", "8, 5, 8", "8, 1, 7", "5, 1, 1000", "24, 1, 4097", "24, 1, 12", "12, 1, 8", "21, 1, 0",
        "2, 5, 8"})
    void closesTheConnectionOnNonsense(int request, int flags, int size) throws Exception {
        ByteBuffer payload = payload(size);
        for (int i = 0; i < size; i++) {
            payload.put(i, (byte) GARBAGE);
        }
        if (request == 12) {
            payload = u64(0);
        }
        driver.frontEnd.send(request, flags, payload);
        driver.frontEnd.awaitEnd();
        reconnects();
    }

    @Test
    void survivesAMessageThatEndsEarly() throws Exception {
        driver.frontEnd.socket().send(payload(7));
        driver.frontEnd.close();
        reconnects();
    }

    private void reconnects() throws Exception {
        driver.close();
        driver = RawDriver.running(path, RawDriver.FEATURES, 2);
        assertThat(driver.queues[1].write(0, new byte[512])).isEqualTo(OK);
    }

    @Test
    void servesOneFrontEndAfterAnother() throws Exception {
        for (int i = 0; i < 5; i++) {
            driver.queues[0].write(0, new byte[] {(byte) i, 1});
            reconnects();
        }
        assertThat(target.dto().connections).isEqualTo(1);
    }

    @Test
    void refusesASecondFrontEnd() throws Exception {
        try (RawFrontEnd second = new RawFrontEnd(path)) {
            second.awaitEnd();
        }
        assertThat(driver.queues[0].write(0, new byte[512])).isEqualTo(OK);
    }

    @Test
    void goesOnWhereAQueueStopped() throws Exception {
        RawQueue queue = driver.queues[0];
        for (int i = 0; i < 70; i++) {
            queue.write(0, new byte[512]);
        }
        assertThat(driver.stop(0)).isEqualTo(70);
        assertThat(driver.stop(0)).as("again").isEqualTo(70);
        queue.lay(0, RawQueue.OUT, 0, new byte[512], 0);
        queue.offer(0);
        assertThat(driver.queues[1].write(0, new byte[512])).isEqualTo(OK);
        assertThat(queue.usedIndex()).as("a stopped queue does nothing").isEqualTo(70);
        driver.frontEnd.demand(RawFrontEnd.SET_VRING_BASE, state(0, 70));
        driver.frontEnd.demand(RawFrontEnd.SET_VRING_KICK, u64(0), queue.kick.fd());
        queue.awaitUsed(71);
    }

    @Test
    void aDisabledQueueDoesNothing() throws Exception {
        RawQueue queue = driver.queues[0];
        driver.frontEnd.demand(RawFrontEnd.SET_VRING_ENABLE, state(0, 0));
        queue.lay(0, RawQueue.OUT, 0, new byte[512], 0);
        queue.offer(0);
        assertThat(driver.queues[1].write(0, new byte[512])).isEqualTo(OK);
        assertThat(queue.usedIndex()).isZero();
        driver.frontEnd.demand(RawFrontEnd.SET_VRING_ENABLE, state(0, 1));
        queue.awaitUsed(1);
    }

    @Test
    void withoutProtocolFeaturesAQueueIsEnabledFromTheStart() throws Exception {
        driver.frontEnd.demand(RawFrontEnd.SET_FEATURES, u64(RawDriver.FEATURES & ~RawDriver.PROTOCOL_FEATURES));
        driver.frontEnd.demand(RawFrontEnd.SET_VRING_ENABLE, state(0, 0));
        assertThat(driver.queues[0].write(0, new byte[512])).isEqualTo(OK);
    }

    @Test
    void keepsTheStatusAndResets() throws Exception {
        driver.frontEnd.demand(RawFrontEnd.SET_STATUS, u64(15));
        assertThat(driver.frontEnd.askU64(RawFrontEnd.GET_STATUS)).isEqualTo(15);
        driver.frontEnd.demand(RawFrontEnd.SET_STATUS, u64(0));
        assertThat(driver.frontEnd.askU64(RawFrontEnd.GET_STATUS)).isZero();
        RawQueue queue = driver.queues[0];
        queue.lay(0, RawQueue.OUT, 0, new byte[512], 0);
        queue.offer(0);
        driver.frontEnd.askU64(RawFrontEnd.GET_STATUS);
        assertThat(queue.usedIndex()).isZero();
        driver.frontEnd.demand(RawFrontEnd.SET_VRING_KICK, u64(0), queue.kick.fd());
        queue.awaitUsed(1);
    }

    @Test
    void refusesRingsThatAreNotInTheMemory() throws Exception {
        driver.stop(0);
        long user = RawDriver.USER + 2L * RawQueue.STRIDE;
        driver.frontEnd.tell(RawFrontEnd.SET_VRING_ADDR, RawDriver.addresses(0).putLong(16, user - 100));
        assertThat(driver.frontEnd.acknowledged(RawFrontEnd.SET_VRING_KICK, u64(0), driver.queues[0].kick.fd())).isNotZero();
        assertThat(driver.queues[0].error.drain()).isTrue();
        driver.stop(0);
        driver.frontEnd.tell(RawFrontEnd.SET_VRING_ADDR, RawDriver.addresses(0).putLong(8, RawDriver.USER + 8));
        assertThat(driver.frontEnd.acknowledged(RawFrontEnd.SET_VRING_KICK, u64(0), driver.queues[0].kick.fd()))
            .as("misaligned").isNotZero();
        assertThat(driver.queues[1].write(0, new byte[512])).isEqualTo(OK);
    }

    @Test
    void saysThatTheConfigurationHasChanged() throws Exception {
        UnixSocket[] pair = UnixSocket.pair();
        try (UnixSocket ours = pair[0]; UnixSocket theirs = pair[1]) {
            driver.frontEnd.demand(RawFrontEnd.SET_BACKEND_REQ_FD, payload(0), theirs.fd());
            target.resize(2 << 20);
            ByteBuffer message = payload(12);
            assertThat(ours.receive(message, new java.util.ArrayList<>(), -1)).isEqualTo(12);
            assertThat(message.getInt(0)).isEqualTo(2);
            assertThat(message.getInt(4)).isEqualTo(1);
            assertThat(message.getInt(8)).isZero();
        }
        assertThat(driver.frontEnd.config(0, 8)).containsExactly(0, 0x10, 0, 0, 0, 0, 0, 0);
        assertThat(driver.queues[0].write(4095, new byte[512])).isEqualTo(OK);
    }
}
