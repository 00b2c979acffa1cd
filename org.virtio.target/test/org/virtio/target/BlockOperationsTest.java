// SPDX-License-Identifier: Apache-2.0
package org.virtio.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.virtio.target.RawQueue.DATA;
import static org.virtio.target.RawQueue.INDIRECT;
import static org.virtio.target.RawQueue.IOERR;
import static org.virtio.target.RawQueue.NEXT;
import static org.virtio.target.RawQueue.OK;
import static org.virtio.target.RawQueue.UNSUPP;
import static org.virtio.target.RawQueue.WRITE;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.virtio.target.backend.BlockTarget;

@ParameterizedClass
@ValueSource(longs = {0, RawDriver.IN_ORDER, RawDriver.PACKED, RawDriver.PACKED | RawDriver.IN_ORDER})
@ExtendWith(NoLeaks.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BlockOperationsTest {
    private static final int SECTORS = 2048;

    @Parameter
    long format;
    @TempDir
    Path directory;
    private BlockTarget target;
    private RawDriver driver;
    private RawQueue queue;

    @BeforeEach
    void start() throws Exception {
        serve(TargetOptions.ram(directory.resolve("t").toString(), SECTORS * 512L));
    }

    private void serve(long otherFormat) throws Exception {
        format = otherFormat;
        start();
    }

    private void serve(TargetOptions options) throws Exception {
        stop();
        target = new BlockTarget(options);
        driver = RawDriver.running(options.path(), RawDriver.FEATURES | format, 1);
        queue = driver.queues[0];
    }

    @AfterEach
    void stop() {
        if (driver != null) {
            driver.close();
            target.close();
        }
    }

    private static byte[] pattern(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static byte[] segment(long sector, int sectors, int flags) {
        return ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putLong(sector).putInt(sectors).putInt(flags).array();
    }

    @Test
    void readsWhatWasWritten() {
        byte[] data = pattern(8192, 1);
        assertThat(queue.write(16, data)).isEqualTo(OK);
        assertThat(queue.usedId(0)).isZero();
        assertThat(queue.usedLength(0)).as("only the status is written").isEqualTo(1);
        assertThat(queue.read(16, 8192)).isEqualTo(data);
        assertThat(queue.usedLength(1)).as("data and status").isEqualTo(8193);
        assertThat(queue.read(15, 512)).containsOnly(0);
        assertThat(queue.read(32, 512)).containsOnly(0);
    }

    @Test
    void reachesTheFirstAndTheLastSector() {
        assertThat(queue.write(0, pattern(512, 2))).isEqualTo(OK);
        assertThat(queue.write(SECTORS - 1, pattern(512, 3))).isEqualTo(OK);
        assertThat(queue.read(0, 512)).isEqualTo(pattern(512, 2));
        assertThat(queue.read(SECTORS - 1, 512)).isEqualTo(pattern(512, 3));
    }

    @ParameterizedTest
    @ValueSource(longs = {SECTORS, SECTORS - 1, Long.MAX_VALUE, -1, -2, Long.MIN_VALUE, 0x80_0000_0000_0000L})
    void refusesWhatIsBeyondTheEnd(long sector) {
        assertThat(queue.request(RawQueue.IN, sector, new byte[0], 1024)).isEqualTo(IOERR);
        assertThat(queue.write(sector, pattern(1024, 1))).isEqualTo(IOERR);
        assertThat(queue.request(RawQueue.WRITE_ZEROES, 0, segment(sector, 2, 0), 0)).isEqualTo(IOERR);
        assertThat(queue.request(RawQueue.DISCARD, 0, segment(sector, 2, 0), 0)).isEqualTo(IOERR);
    }

    @Test
    void refusesPartsOfSectors() {
        assertThat(queue.write(0, pattern(513, 1))).isEqualTo(IOERR);
        assertThat(queue.request(RawQueue.IN, 0, new byte[0], 511)).isEqualTo(IOERR);
        assertThat(queue.read(0, 512)).containsOnly(0);
    }

    @Test
    void refusesPartsOfBlocks() throws Exception {
        serve(new TargetOptions(directory.resolve("b").toString(), null, 1 << 20, 4096, 1, false, ""));
        assertThat(queue.write(8, pattern(4096, 1))).isEqualTo(OK);
        assertThat(queue.write(1, pattern(4096, 1))).isEqualTo(IOERR);
        assertThat(queue.write(8, pattern(512, 1))).isEqualTo(IOERR);
    }

    @Test
    void flushes() {
        assertThat(queue.request(RawQueue.FLUSH, 0, new byte[0], 0)).isEqualTo(OK);
    }

    @Test
    void tellsItsId() {
        assertThat(queue.request(RawQueue.GET_ID, 0, new byte[0], 20)).isEqualTo(OK);
        assertThat(queue.dataOf(0, 20)).isEqualTo(Arrays.copyOf("virtio-ram".getBytes(StandardCharsets.US_ASCII), 20));
        assertThat(queue.usedLength(0)).isEqualTo(21);
    }

    @Test
    void writesZeroes() {
        queue.write(4, pattern(4096, 1));
        assertThat(queue.request(RawQueue.WRITE_ZEROES, 0, segment(5, 2, 1), 0)).isEqualTo(OK);
        byte[] expected = pattern(4096, 1);
        Arrays.fill(expected, 512, 1536, (byte) 0);
        assertThat(queue.read(4, 4096)).isEqualTo(expected);
    }

    @Test
    void discardsSeveralSegments() {
        queue.write(0, pattern(4096, 1));
        byte[] both = ByteBuffer.allocate(32).put(segment(0, 1, 0)).put(segment(7, 1, 0)).array();
        assertThat(queue.request(RawQueue.DISCARD, 0, both, 0)).isEqualTo(OK);
        byte[] expected = pattern(4096, 1);
        Arrays.fill(expected, 0, 512, (byte) 0);
        Arrays.fill(expected, 3584, 4096, (byte) 0);
        assertThat(queue.read(0, 4096)).isEqualTo(expected);
    }

    @Test
    void checksAllSegmentsBeforeTheFirst() {
        queue.write(0, pattern(512, 1));
        byte[] both = ByteBuffer.allocate(32).put(segment(0, 1, 0)).put(segment(SECTORS, 1, 0)).array();
        assertThat(queue.request(RawQueue.WRITE_ZEROES, 0, both, 0)).isEqualTo(IOERR);
        assertThat(queue.read(0, 512)).isEqualTo(pattern(512, 1));
    }

    @Test
    void refusesSegmentsThatItDoesNotKnow() {
        assertThat(queue.request(RawQueue.DISCARD, 0, segment(0, 1, 1), 0)).as("unmap").isEqualTo(UNSUPP);
        assertThat(queue.request(RawQueue.DISCARD, 0, segment(0, 1, 2), 0)).isEqualTo(UNSUPP);
        assertThat(queue.request(RawQueue.WRITE_ZEROES, 0, segment(0, 1, 2), 0)).isEqualTo(UNSUPP);
        assertThat(queue.request(RawQueue.WRITE_ZEROES, 0, new byte[8], 0)).isEqualTo(IOERR);
        assertThat(queue.request(RawQueue.WRITE_ZEROES, 0, new byte[33 * 16], 0)).isEqualTo(IOERR);
        assertThat(queue.request(RawQueue.WRITE_ZEROES, 0, new byte[0], 0)).isEqualTo(IOERR);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 14, 15, 0x7fffffff, -1})
    void doesNotSupportOtherTypes(int type) {
        assertThat(queue.request(type, 0, new byte[0], 512)).isEqualTo(UNSUPP);
    }

    @Test
    void aReadOnlyDiskRefusesEverythingThatChangesIt() throws Exception {
        serve(new TargetOptions(directory.resolve("r").toString(), null, 1 << 20, 512, 1, true, ""));
        assertThat(queue.write(0, pattern(512, 1))).isEqualTo(IOERR);
        assertThat(queue.request(RawQueue.WRITE_ZEROES, 0, segment(0, 1, 0), 0)).isEqualTo(IOERR);
        assertThat(queue.request(RawQueue.DISCARD, 0, segment(0, 1, 0), 0)).isEqualTo(IOERR);
        assertThat(queue.request(RawQueue.FLUSH, 0, new byte[0], 0)).isEqualTo(OK);
        assertThat(queue.read(0, 512)).containsOnly(0);
        long features = driver.frontEnd.askU64(RawFrontEnd.GET_FEATURES);
        assertThat(features & 1 << 5).isNotZero();
        assertThat(features & (1 << 13 | 1 << 14)).isZero();
    }

    @Test
    void takesAnyFraming() {
        queue.header(DATA, RawQueue.OUT, 1);
        byte[] data = pattern(1024, 5);
        queue.memory().put(DATA + 16, data);
        queue.descriptor(0, queue.address(DATA), 3, NEXT, 5);
        queue.descriptor(5, queue.address(DATA + 3), 0, NEXT, 6);
        queue.descriptor(6, queue.address(DATA + 3), 14, NEXT, 7);
        queue.descriptor(7, queue.address(DATA + 17), 1023, NEXT, 8);
        queue.descriptor(8, queue.address(DATA + 4096), 1, WRITE, 0);
        queue.offer(0);
        queue.awaitUsed(1);
        assertThat(queue.status(DATA + 4096)).isEqualTo(OK);
        assertThat(queue.read(1, 1024)).isEqualTo(data);
    }

    @Test
    void takesDataAndStatusInOneBuffer() {
        queue.write(1, pattern(512, 5));
        queue.header(DATA, RawQueue.IN, 1);
        queue.descriptor(0, queue.address(DATA), 16, NEXT, 1);
        queue.descriptor(1, queue.address(DATA + 32), 100, NEXT | WRITE, 2);
        queue.descriptor(2, queue.address(DATA + 132), 413, WRITE, 0);
        queue.offer(0);
        queue.awaitUsed(2);
        assertThat(queue.status(DATA + 32 + 512)).isEqualTo(OK);
        assertThat(queue.dataOf(0, 512)).isEqualTo(pattern(512, 5));
        assertThat(queue.usedLength(1)).isEqualTo(513);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void takesIndirectTables(boolean afterADirectDescriptor) throws Exception {
        serve(format & ~RawDriver.PACKED);
        queue.write(1, pattern(512, 5));
        int table = DATA + 0x2000;
        queue.header(DATA, RawQueue.IN, 1);
        queue.memory().put(DATA + 16, (byte) RawQueue.UNTOUCHED);
        int entry = 0;
        if (!afterADirectDescriptor) {
            queue.tableEntry(table, queue.address(DATA), 16, NEXT, 2);
            entry = 2;
        }
        queue.tableEntry(table + entry * 16, queue.address(DATA + 32), 512, NEXT | WRITE, 1);
        queue.tableEntry(table + 16, queue.address(DATA + 16), 1, WRITE, 77);
        queue.descriptor(4, queue.address(table), 48, INDIRECT | WRITE, 0);
        if (afterADirectDescriptor) {
            queue.descriptor(3, queue.address(DATA), 16, NEXT, 4);
        }
        queue.offer(afterADirectDescriptor ? 3 : 4);
        queue.awaitUsed(2);
        assertThat(queue.status(DATA + 16)).isEqualTo(OK);
        assertThat(queue.dataOf(0, 512)).isEqualTo(pattern(512, 5));
    }

    /** A packed ring's table is read from its start to its end, and most of its flags mean nothing. */
    @Test
    void takesIndirectTablesOfAPackedRing() throws Exception {
        serve(format | RawDriver.PACKED);
        queue.write(1, pattern(512, 5));
        int table = DATA + 0x2000;
        queue.header(DATA, RawQueue.IN, 1);
        queue.memory().put(DATA + 16, (byte) RawQueue.UNTOUCHED);
        queue.tableEntry(table, queue.address(DATA), 16, INDIRECT, 2);
        queue.tableEntry(table + 16, queue.address(DATA + 32), 512, WRITE | 0x8080, 1);
        queue.tableEntry(table + 32, queue.address(DATA + 16), 1, NEXT | WRITE, 77);
        queue.descriptor(4, queue.address(table), 48, INDIRECT | WRITE, 0);
        queue.offer(4);
        queue.awaitUsed(2);
        assertThat(queue.usedId(1)).isEqualTo(4);
        assertThat(queue.usedLength(1)).isEqualTo(513);
        assertThat(queue.status(DATA + 16)).isEqualTo(OK);
        assertThat(queue.dataOf(0, 512)).isEqualTo(pattern(512, 5));
        assertThat(queue.read(1, 512)).isEqualTo(pattern(512, 5));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 4096})
    void takesIndirectTablesInAQueueOfAnySize(int size) throws Exception {
        driver.stop(0);
        driver.replace(0, size);
        driver.start(0);
        queue = driver.queues[0];
        int table = DATA + 0x2000;
        queue.tableEntry(table, queue.address(DATA), 16, NEXT, 1);
        queue.tableEntry(table + 16, queue.address(DATA + 32), 512, NEXT | WRITE, 2);
        queue.tableEntry(table + 32, queue.address(DATA + 16), 1, WRITE, 0);
        queue.descriptor(0, queue.address(table), 48, INDIRECT, 0);
        queue.header(DATA, RawQueue.IN, 1);
        for (int i = 1; i <= 2 * size + 1; i++) {
            queue.memory().put(DATA + 16, (byte) RawQueue.UNTOUCHED);
            queue.offer(0);
            queue.awaitUsed(i);
            assertThat(queue.status(DATA + 16)).isEqualTo(OK);
        }
    }

    @Test
    void servesABatchAndWrapsAround() {
        int batch = queue.size / 3;
        for (int round = 0; round < 2000; round++) {
            int first = queue.availableIndex();
            for (int i = 0; i < batch; i++) {
                queue.lay(3 * i, RawQueue.OUT, i, pattern(512, round + i), 0);
                queue.put(3 * i);
            }
            queue.publish();
            queue.kick.signal();
            queue.awaitUsed(first + batch);
            if (format != RawDriver.IN_ORDER) {
                assertThat(queue.usedId(first + batch - 1)).isEqualTo(3 * batch - 3);
            }
        }
        assertThat(queue.read(batch - 1, 512)).isEqualTo(pattern(512, 1999 + batch - 1));
        Await.until("all are counted, a little after they are used", () -> target.dto().requests == 2000L * batch + 1);
        assertThat(target.dto().ring).isEqualTo((format & RawDriver.PACKED) == 0 ? "split" : "packed");
    }

    @Test
    void aNullDiskLeavesBuffersAlone() throws Exception {
        serve(new TargetOptions(directory.resolve("n").toString(), TargetOptions.NULL_DISK, 1L << 40, 512, 1, false, ""));
        assertThat(queue.write(1L << 30, pattern(512, 1))).isEqualTo(OK);
        assertThat(queue.read(1, 512)).isEqualTo(pattern(512, 1));
        assertThat(queue.request(RawQueue.FLUSH, 0, new byte[0], 0)).isEqualTo(OK);
        assertThat(target.dto().disk).isEqualTo("null:");
    }
}
