// SPDX-License-Identifier: Apache-2.0
package org.virtio.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.virtio.target.RawPackedQueue.AVAIL;
import static org.virtio.target.RawPackedQueue.USED_FLAG;
import static org.virtio.target.RawQueue.DATA;
import static org.virtio.target.RawQueue.INDIRECT;
import static org.virtio.target.RawQueue.NEXT;
import static org.virtio.target.RawQueue.OK;
import static org.virtio.target.RawQueue.WRITE;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.virtio.target.backend.BlockTarget;

/** What no driver may do breaks its queue, says so, and touches no other. */
@ExtendWith(NoLeaks.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MalformedChainTest {
    private static final long OUTSIDE = RawDriver.GUEST + 2L * RawQueue.STRIDE;
    private static final int NEEDS_RESET = 64;
    private static final int TABLE = DATA + 0x1000;

    @TempDir
    Path directory;
    private BlockTarget target;
    private RawDriver driver;

    @BeforeEach
    void start() throws Exception {
        target = new BlockTarget(TargetOptions.ram(directory.resolve("t").toString(), 1 << 20).withQueues(2));
        driver = RawDriver.running(directory.resolve("t").toString(), RawDriver.FEATURES, 2);
    }

    private void serve(long features) throws Exception {
        driver.close();
        driver = RawDriver.running(directory.resolve("t").toString(), features, 2);
    }

    @AfterEach
    void stop() {
        driver.close();
        target.close();
    }

    static Stream<Named<Consumer<RawQueue>>> splitChains() {
        return Stream.of(
            chain("a head beyond the table", q -> q.offer(64)),
            chain("a head far beyond the table", q -> q.offer(0xffff)),
            chain("a next beyond the table", q -> {
                q.descriptor(0, q.address(DATA), 16, NEXT, 64);
                q.offer(0);
            }),
            chain("a descriptor that is its own next", q -> {
                q.descriptor(0, q.address(DATA), 16, NEXT, 0);
                q.offer(0);
            }),
            chain("a loop of writable descriptors", q -> {
                q.descriptor(0, q.address(DATA), 16, NEXT, 1);
                q.descriptor(1, q.address(DATA + 32), 16, NEXT | WRITE, 2);
                q.descriptor(2, q.address(DATA + 64), 16, NEXT | WRITE, 1);
                q.offer(0);
            }),
            chain("an available index that ran ahead", q -> {
                q.setAvailableIndex(q.availableIndex() + 65);
                q.kick.signal();
            }),
            chain("an available index that went back", q -> {
                q.setAvailableIndex(q.availableIndex() - 1);
                q.kick.signal();
            }));
    }

    static Stream<Named<Consumer<RawQueue>>> directChains() {
        return Stream.of(
            chain("a header that is too short", q -> simple(q, q.address(DATA), 15, q.address(DATA + 32), 1)),
            chain("no header", q -> {
                q.descriptor(0, q.address(DATA), 16, WRITE, 0);
                q.offer(0);
            }),
            chain("no status", q -> {
                q.descriptor(0, q.address(DATA), 16, 0, 0);
                q.offer(0);
            }),
            chain("a status of no bytes", q -> simple(q, q.address(DATA), 16, q.address(DATA + 32), 0)),
            chain("readable after writable", q -> {
                q.descriptor(0, q.address(DATA), 1, NEXT | WRITE, 1);
                q.descriptor(1, q.address(DATA + 32), 16, 0, 0);
                q.offer(0);
            }),
            chain("a header outside", q -> simple(q, OUTSIDE, 16, q.address(DATA), 1)),
            chain("a status outside", q -> simple(q, q.address(DATA), 16, OUTSIDE, 1)),
            chain("a buffer that ends outside", q -> simple(q, q.address(DATA), 16, OUTSIDE - 8, 9)),
            chain("a buffer before the memory", q -> simple(q, q.address(DATA), 16, RawDriver.GUEST - 1, 2)),
            chain("a user address for a guest address", q -> simple(q, RawDriver.USER, 16, q.address(DATA), 1)),
            chain("an address that wraps", q -> simple(q, q.address(DATA), 16, -8, 16)),
            chain("an address of all ones", q -> simple(q, q.address(DATA), 16, -1, 1)),
            chain("a length of 4 GiB", q -> simple(q, q.address(DATA), 16, q.address(DATA + 32), -1)));
    }

    static Stream<Named<Consumer<RawQueue>>> indirectChains() {
        return Stream.of(
            chain("an indirect table of 40 bytes", q -> indirect(q, q.address(TABLE), 40, INDIRECT)),
            chain("an empty indirect table", q -> indirect(q, q.address(TABLE), 0, INDIRECT)),
            chain("a huge indirect table", q -> indirect(q, q.address(TABLE), 0xfffffff0, INDIRECT)),
            chain("an indirect table of more than 32768", q -> indirect(q, q.address(TABLE), 0x80010, INDIRECT)),
            chain("an indirect table outside", q -> indirect(q, OUTSIDE, 32, INDIRECT)),
            chain("an indirect table that ends outside", q -> indirect(q, OUTSIDE - 16, 32, INDIRECT)),
            chain("an indirect table that goes on", q -> indirect(q, q.address(TABLE), 32, INDIRECT | NEXT)));
    }

    static Stream<Named<Consumer<RawQueue>>> splitIndirectChains() {
        return Stream.of(
            chain("an indirect table in an indirect table", q -> {
                q.tableEntry(DATA, q.address(DATA + 64), 32, INDIRECT, 0);
                indirect(q, q.address(DATA), 32, INDIRECT);
            }),
            chain("a next beyond the indirect table", q -> {
                q.tableEntry(DATA, q.address(DATA + 64), 16, NEXT, 2);
                indirect(q, q.address(DATA), 32, INDIRECT);
            }),
            chain("a loop in an indirect table", q -> {
                q.tableEntry(DATA, q.address(DATA + 64), 16, NEXT, 1);
                q.tableEntry(DATA + 16, q.address(DATA + 64), 16, NEXT, 0);
                indirect(q, q.address(DATA), 32, INDIRECT);
            }));
    }

    static Stream<Named<Consumer<RawQueue>>> packedChains() {
        return Stream.of(
            chain("a next that is not available", q -> {
                raw(q, 3, 0, NEXT | AVAIL);
                q.kick.signal();
            }),
            chain("a next of the lap before", q -> {
                raw(q, 4, 0, WRITE | USED_FLAG);
                raw(q, 3, 0, NEXT | AVAIL);
                q.kick.signal();
            }),
            chain("a chain that is longer than the ring", q -> {
                for (int i = q.size - 1; i >= 0; i--) {
                    raw(q, (i + 3) % q.size, i, NEXT | (i + 3 < q.size ? AVAIL : USED_FLAG));
                }
                q.kick.signal();
            }),
            chain("an indirect table after a descriptor", q -> {
                raw(q, 4, 0, INDIRECT | AVAIL);
                raw(q, 3, 0, NEXT | AVAIL);
                q.kick.signal();
            }),
            chain("a table with no readable entry", q -> {
                q.tableEntry(TABLE, q.address(DATA), 16, WRITE, 0);
                q.descriptor(0, q.address(TABLE), 16, INDIRECT, 0);
                q.offer(0);
            }));
    }

    private static void raw(RawQueue queue, int place, int id, int flags) {
        ((RawPackedQueue) queue).raw(place, queue.address(DATA), 16, id, flags);
    }

    private static Named<Consumer<RawQueue>> chain(String name, Consumer<RawQueue> action) {
        return Named.of(name, action);
    }

    private static void simple(RawQueue queue, long header, int headerLength, long status, int statusLength) {
        queue.descriptor(0, header, headerLength, NEXT, 1);
        queue.descriptor(1, status, statusLength, WRITE, 0);
        queue.offer(0);
    }

    /** The table at {@link #TABLE} has a request with which all would be well. */
    private static void indirect(RawQueue queue, long table, int length, int flags) {
        queue.tableEntry(TABLE, queue.address(DATA + 64), 16, NEXT, 1);
        queue.tableEntry(TABLE + 16, queue.address(DATA + 128), 1, WRITE, 0);
        queue.descriptor(0, table, length, flags, 1);
        queue.descriptor(1, queue.address(DATA + 192), 1, WRITE, 0);
        queue.offer(0);
    }

    @ParameterizedTest
    @MethodSource({"splitChains", "directChains", "indirectChains", "splitIndirectChains"})
    void breaksTheQueue(Consumer<RawQueue> chain) throws Exception {
        breaks(chain);
    }

    @ParameterizedTest
    @MethodSource({"packedChains", "directChains", "indirectChains"})
    void breaksThePackedQueue(Consumer<RawQueue> chain) throws Exception {
        serve(RawDriver.FEATURES | RawDriver.PACKED);
        breaks(chain);
    }

    private void breaks(Consumer<RawQueue> chain) throws Exception {
        RawQueue bad = driver.queues[0];
        RawQueue good = driver.queues[1];
        assertThat(bad.write(0, new byte[512])).isEqualTo(OK);

        chain.accept(bad);

        assertThat(bad.error.await(TimeUnit.SECONDS.toNanos(20))).as("error is signalled").isTrue();
        assertThat(bad.usedIndex()).as("nothing is used").isEqualTo(1);
        assertThat(good.write(1, new byte[512])).isEqualTo(OK);
        assertThat(driver.frontEnd.askU64(RawFrontEnd.GET_STATUS) & NEEDS_RESET).isEqualTo(NEEDS_RESET);
        int before = bad instanceof RawPackedQueue ? (3 | 1 << 15) << 16 | 3 | 1 << 15 : 1;
        assertThat(driver.stop(0)).as("the chain was not taken").isEqualTo(before);
        assertThat(driver.frontEnd.askU64(RawFrontEnd.GET_STATUS) & NEEDS_RESET).isZero();
    }

    @Test
    void completesWhatCameBefore() throws Exception {
        RawQueue queue = driver.queues[0];
        queue.lay(0, RawQueue.OUT, 0, new byte[512], 0);
        queue.put(0);
        queue.put(999);
        queue.publish();
        queue.kick.signal();
        assertThat(queue.error.await(TimeUnit.SECONDS.toNanos(20))).isTrue();
        assertThat(queue.usedIndex()).isEqualTo(1);
        assertThat(queue.statusOf(0)).isEqualTo(OK);
    }

    @Test
    void aBrokenQueueCanBeSetUpAgain() throws Exception {
        RawQueue queue = driver.queues[0];
        queue.offer(999);
        assertThat(queue.error.await(TimeUnit.SECONDS.toNanos(20))).isTrue();
        driver.stop(0);
        queue.begin(0);
        driver.start(0);
        assertThat(queue.write(0, new byte[512])).isEqualTo(OK);
    }

    @Test
    void refusesIndirectTablesThatWereNotNegotiated() throws Exception {
        serve(RawDriver.FEATURES & ~RawDriver.INDIRECT_DESC);
        RawQueue queue = driver.queues[0];
        indirect(queue, queue.address(DATA), 32, INDIRECT);
        assertThat(queue.error.await(TimeUnit.SECONDS.toNanos(20))).isTrue();
    }
}
