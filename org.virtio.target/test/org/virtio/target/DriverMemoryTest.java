// SPDX-License-Identifier: Apache-2.0
package org.virtio.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.virtio.target.RawFrontEnd.payload;
import static org.virtio.target.RawFrontEnd.region;
import static org.virtio.target.RawFrontEnd.state;
import static org.virtio.target.RawFrontEnd.table;
import static org.virtio.target.RawQueue.DATA;
import static org.virtio.target.RawQueue.NEXT;
import static org.virtio.target.RawQueue.OK;
import static org.virtio.target.RawQueue.WRITE;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import jnr.constants.platform.OpenFlags;
import jnr.ffi.LibraryLoader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.virtio.posix.EventFd;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.Mapping;
import org.virtio.posix.SharedMemory;
import org.virtio.target.backend.BlockTarget;

/** The front end's memory: what is mapped, what is refused, and what a front end can do to it afterwards. */
@ExtendWith(NoLeaks.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DriverMemoryTest {
    private static final long SIZE = 2L * RawQueue.STRIDE;
    private static final long GUEST = RawDriver.GUEST;
    private static final long USER = RawDriver.USER;

    @TempDir
    Path directory;
    private BlockTarget target;
    private RawDriver driver;

    @BeforeEach
    void start() throws Exception {
        target = new BlockTarget(TargetOptions.ram(directory.resolve("t").toString(), 1 << 20).withQueues(2));
        driver = new RawDriver(directory.resolve("t").toString(), RawDriver.FEATURES, 2);
    }

    @AfterEach
    void stop() {
        driver.close();
        target.close();
    }

    static Stream<ByteBuffer> badRegions() {
        return Stream.of(
            region(GUEST, 0, USER, 0),
            region(GUEST, -4096, USER, 0),
            region(GUEST, Long.MIN_VALUE, USER, 0),
            region(GUEST, SIZE + 1, USER, 0),
            region(GUEST, SIZE, USER, 4096),
            region(GUEST, SIZE, USER, -4096),
            region(GUEST, Long.MAX_VALUE, USER, 4096),
            region(-4096, 8192, USER, 0),
            region(GUEST, 8192, -4096, 0));
    }

    @ParameterizedTest
    @MethodSource("badRegions")
    void refusesARegionThatCannotBe(ByteBuffer region) throws Exception {
        assertThat(driver.frontEnd.acknowledged(RawFrontEnd.SET_MEM_TABLE, table(region), driver.fd())).isNotZero();
        assertThat(driver.frontEnd.acknowledged(RawFrontEnd.ADD_MEM_REG, region, driver.fd())).isNotZero();
        driver.share();
        driver.start(0);
        assertThat(driver.queues[0].write(0, new byte[512])).isEqualTo(OK);
    }

    @Test
    void refusesWhatCannotBeMapped() throws Exception {
        try (EventFd eventFd = EventFd.create()) {
            assertThat(driver.frontEnd.acknowledged(RawFrontEnd.ADD_MEM_REG, region(GUEST, 4096, USER, 0), eventFd.fd()))
                .isNotZero();
        }
    }

    @Test
    void refusesRegionsThatOverlap() throws Exception {
        driver.share();
        assertThat(driver.frontEnd.acknowledged(RawFrontEnd.ADD_MEM_REG,
            region(GUEST + SIZE - 4096, 8192, USER + SIZE, 0), driver.fd())).isNotZero();
        assertThat(driver.frontEnd.acknowledged(RawFrontEnd.ADD_MEM_REG,
            region(GUEST - 4096, 8192, USER + SIZE, 0), driver.fd())).isNotZero();
        driver.frontEnd.demand(RawFrontEnd.ADD_MEM_REG, region(GUEST + SIZE, 8192, USER + SIZE, 0), driver.fd());
    }

    @Test
    void hasAsManySlotsAsItSays() throws Exception {
        for (int i = 0; i < 32; i++) {
            driver.frontEnd.demand(RawFrontEnd.ADD_MEM_REG, region(GUEST + i * 4096L, 4096, USER + i * 4096L, 0), driver.fd());
        }
        assertThat(driver.frontEnd.acknowledged(RawFrontEnd.ADD_MEM_REG,
            region(GUEST + SIZE, 4096, USER + SIZE, 0), driver.fd())).isNotZero();
    }

    @Test
    void regionsComeAndGoWhileQueuesRun() throws Exception {
        driver.share();
        driver.start(0);
        driver.queues[0].write(0, new byte[512]);
        ByteBuffer region = region(GUEST + SIZE, SIZE, USER + SIZE, 0);
        driver.frontEnd.demand(RawFrontEnd.ADD_MEM_REG, region, driver.fd());
        RawQueue queue = driver.queues[0];
        queue.lay(0, RawQueue.OUT, 0, new byte[512], 0);
        queue.descriptor(0, queue.address(DATA) + SIZE, 16, NEXT, 1);
        queue.offer(0);
        queue.awaitUsed(2);
        assertThat(driver.frontEnd.acknowledged(RawFrontEnd.REM_MEM_REG, region(GUEST + SIZE, SIZE, USER, 0))).isNotZero();
        try (EventFd tolerated = EventFd.create()) {
            driver.frontEnd.demand(RawFrontEnd.REM_MEM_REG, region, tolerated.fd());
        }
        assertThat(queue.write(0, new byte[512])).isEqualTo(OK);
        queue.descriptor(0, queue.address(DATA) + SIZE, 16, NEXT, 1);
        queue.offer(0);
        assertThat(queue.error.await(TimeUnit.SECONDS.toNanos(20))).as("the region is gone").isTrue();
    }

    @Test
    void aQueueWhoseMemoryGoesIsBroken() throws Exception {
        driver.share();
        driver.start(0);
        driver.frontEnd.demand(RawFrontEnd.REM_MEM_REG, region(GUEST, SIZE, USER, 0));
        assertThat(driver.queues[0].error.await(TimeUnit.SECONDS.toNanos(20))).isTrue();
        driver.share();
        driver.stop(0);
        driver.start(0);
        assertThat(driver.queues[0].write(0, new byte[512])).isEqualTo(OK);
    }

    /** The file is cut into pages that lie elsewhere for the device; a buffer over all of them is one range of addresses. */
    @Test
    void aBufferMaySpanRegions() throws Exception {
        byte[] data = new byte[8192];
        new Random(1).nextBytes(data);
        driver.share();
        driver.start(0);
        try (SharedMemory other = SharedMemory.create("other", 3 * 4096, false)) {
            long guest = GUEST + SIZE;
            driver.frontEnd.demand(RawFrontEnd.ADD_MEM_REG, region(guest + 8192, 4096, USER - 8192, 0), other.fd());
            driver.frontEnd.demand(RawFrontEnd.ADD_MEM_REG, region(guest, 8192, USER - 65536, 4096), other.fd());
            other.mapping().buffer().put(4096 + 4096, data, 0, 4096).put(0, data, 4096, 4096);
            RawQueue queue = driver.queues[0];
            queue.lay(0, RawQueue.OUT, 0, data, 0);
            queue.descriptor(1, guest + 4096, 8192, NEXT, 2);
            queue.offer(0);
            queue.awaitUsed(1);
            assertThat(queue.statusOf(0)).isEqualTo(OK);
            assertThat(queue.read(0, 8192)).isEqualTo(data);
        }
    }

    @Test
    void reachesAllOfARegionThatIsTooLargeForABuffer() throws Exception {
        long size = 5L << 30;
        try (SharedMemory large = SharedMemory.create("large", size, false)) {
            driver.share();
            driver.start(0);
            driver.frontEnd.demand(RawFrontEnd.ADD_MEM_REG, region(GUEST + SIZE, size, USER + SIZE, 0), large.fd());
            RawQueue queue = driver.queues[0];
            for (long offset : new long[] {0, (1L << 30) - 256, (1L << 31) - 256, (3L << 30) - 1, size - 512}) {
                ByteBuffer there = large.mapping().buffer(offset, 512);
                there.putLong(0, offset).putLong(504, ~offset);
                queue.lay(0, RawQueue.OUT, 0, new byte[512], 0);
                queue.descriptor(1, GUEST + SIZE + offset, 512, NEXT, 2);
                queue.offer(0);
                queue.awaitUsed(queue.availableIndex());
                assertThat(queue.statusOf(0)).isEqualTo(OK);
                ByteBuffer read = ByteBuffer.wrap(queue.read(0, 512)).order(there.order());
                assertThat(read.getLong(0)).isEqualTo(offset);
                assertThat(read.getLong(504)).isEqualTo(~offset);
            }
        }
    }

    /** The JDK does not say which descriptor a file has. */
    public interface LibC {
        /** open(2). */
        int open(String path, int flags);
    }

    /** A file of the file system, which its owner can cut at any time. */
    static FileDescriptor open(Path file) {
        int flags = OpenFlags.O_RDWR.intValue();
        return FileDescriptor.adopt(LibraryLoader.create(LibC.class).load("c").open(file.toString(), flags));
    }

    @Test
    void survivesAFrontEndThatCutsItsMemory() throws Exception {
        Path file = directory.resolve("memory");
        Files.write(file, new byte[(int) SIZE]);
        driver.share();
        driver.start(0);
        driver.start(1);
        try (FileDescriptor fd = open(file); FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            driver.frontEnd.demand(RawFrontEnd.ADD_MEM_REG, region(GUEST + SIZE, SIZE, USER + SIZE, 0), fd);
            RawQueue bad = driver.queues[0];
            bad.lay(0, RawQueue.OUT, 0, new byte[8192], 0);
            bad.descriptor(1, GUEST + SIZE, 8192, NEXT, 2);
            channel.truncate(0);
            bad.offer(0);
            Await.until("the request is used or breaks the queue", () -> bad.usedIndex() == 1 || bad.error.drain());
        }
        goesOnWithoutTheFirstQueue();
    }

    /** The JVM raises the InternalError when it suits it, on 17 perhaps never; so only what holds either way is asked for. */
    private void goesOnWithoutTheFirstQueue() throws Exception {
        assertThat(driver.queues[1].write(0, new byte[512])).isEqualTo(OK);
        driver.stop(0);
        driver.close();
        driver = RawDriver.running(directory.resolve("t").toString(), RawDriver.FEATURES, 2);
        assertThat(driver.queues[0].write(0, new byte[512])).isEqualTo(OK);
    }

    @Test
    void survivesAFrontEndThatCutsItsRings() throws Exception {
        Path file = directory.resolve("memory");
        Files.write(file, new byte[RawQueue.STRIDE]);
        driver.share();
        driver.start(1);
        try (FileDescriptor fd = open(file); FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
             Mapping mapping = Mapping.map(fd, 0, RawQueue.STRIDE, true)) {
            driver.frontEnd.demand(RawFrontEnd.ADD_MEM_REG, region(GUEST + SIZE, RawQueue.STRIDE, USER + SIZE, 0), fd);
            driver.start(0);
            driver.stop(0);
            driver.frontEnd.demand(RawFrontEnd.SET_VRING_ADDR, payload(40).putLong(8, USER + SIZE)
                .putLong(16, USER + SIZE + RawQueue.USED).putLong(24, USER + SIZE + RawQueue.AVAILABLE));
            driver.frontEnd.demand(RawFrontEnd.SET_VRING_KICK, RawFrontEnd.u64(0), driver.queues[0].kick.fd());
            mapping.buffer().putShort(RawQueue.AVAILABLE + 2, (short) 0);
            channel.truncate(0);
            for (int i = 0; i < 1000; i++) {
                driver.queues[0].kick.signal();
            }
            driver.frontEnd.demand(RawFrontEnd.SET_VRING_ENABLE, state(0, 0));
            driver.frontEnd.tell(RawFrontEnd.SET_VRING_ENABLE, state(0, 1));
        }
        goesOnWithoutTheFirstQueue();
    }

    @Test
    void aStatusOutsideTheMemoryIsNotWritten() throws Exception {
        driver.frontEnd.demand(RawFrontEnd.SET_MEM_TABLE, table(region(GUEST, SIZE - 4096, USER, 0)), driver.fd());
        driver.start(0);
        RawQueue queue = driver.queues[0];
        queue.lay(0, RawQueue.OUT, 0, new byte[512], 0);
        queue.descriptor(2, GUEST + SIZE - 4096, 1, WRITE, 0);
        queue.offer(0);
        assertThat(queue.error.await(TimeUnit.SECONDS.toNanos(20))).isTrue();
        assertThat(driver.memory.mapping().buffer().get((int) SIZE - 4096)).isZero();
    }
}
