// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.apache.felix.service.command.CommandSession;
import org.junit.jupiter.api.Test;
import org.virtio.blk.BlockDevice;
import org.virtio.blk.BlockResult;
import org.virtio.shell.CommandException;
import org.virtio.shell.MemoryDisk;
import org.virtio.shell.Progress;

class BenchTest {
    private static final long NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final MemoryDisk disk = new MemoryDisk(1 << 20);
    private final BlockDevice device = disk.device();
    private final Progress progress = Progress.of((CommandSession) Proxy.newProxyInstance(getClass().getClassLoader(),
        new Class<?>[] {CommandSession.class}, (self, method, arguments) -> null), "test", 1);

    private static BenchOptions options(int depth, int size, int readPercent, int threads) {
        return BenchOptions.of(depth, size, readPercent, threads, NANOS, false, false);
    }

    @Test
    void readsAreMeasured() throws Exception {
        BenchDTO result = new Bench(device, options(4, 4096, 100, 2)).run(progress);
        assertThat(result.reads).isPositive();
        assertThat(result.writes).isZero();
        assertThat(result.seconds).isBetween(0.05, 5.0);
        assertThat(result.mibPerSecond).isCloseTo(result.iops * 4096 / (1 << 20), offset(0.001));
        assertThat(result.p50Nanos).isLessThanOrEqualTo(result.p99Nanos);
        assertThat(result.p99Nanos).isLessThanOrEqualTo(result.maxNanos);
    }

    @Test
    void aDepthBeyondTheQueueAndAMixWork() throws Exception {
        BenchDTO result = new Bench(device, options(64, 512, 50, 1)).run(progress);
        assertThat(result.reads).isPositive();
        assertThat(result.depth).isEqualTo(8);
        assertThat(result.depthAsked).isEqualTo(64);
        assertThat(BenchConverter.full(result)).contains(", depth 8 (64 asked for, the queue was full), 1 thread");
        assertThat(disk.openBuffers).hasValue(0);
        assertThat((double) result.reads / (result.reads + result.writes)).isBetween(0.4, 0.6);
    }

    @Test
    void aFailedRequestEndsIt() {
        disk.result = BlockResult.IO_ERROR;
        assertThatThrownBy(() -> new Bench(device, options(4, 4096, 100, 1)).run(progress))
            .isInstanceOf(CommandException.class).hasMessage("a request failed: IO_ERROR");
    }

    @Test
    void lostRequestsEndItAndKeepTheirMemory() {
        disk.stallAfter = 10;
        assertThatThrownBy(() -> new Bench(device, options(4, 4096, 100, 1)).run(progress)).isInstanceOf(CommandException.class)
            .hasMessage("4 requests of queue 0 did not complete within 3 s after the time to measure");
        assertThat(disk.openBuffers).hasValue(1);
    }

    @Test
    void anInterruptEndsTheWaitForLostRequests() {
        disk.stallAfter = 10;
        Thread waiting = Thread.currentThread();
        CompletableFuture.delayedExecutor(500, TimeUnit.MILLISECONDS).execute(waiting::interrupt);
        assertThatThrownBy(() -> new Bench(device, options(4, 4096, 100, 1)).run(progress)).hasMessage("interrupted");
        assertThat(Thread.interrupted()).isTrue();
        assertThat(disk.openBuffers).hasValue(1);
    }

    @Test
    void anInterruptEndsItAndItsThreads() {
        Thread.currentThread().interrupt();
        BenchOptions hour = BenchOptions.of(1, 512, 100, 1, TimeUnit.HOURS.toNanos(1), false, true);
        assertThatThrownBy(() -> new Bench(device, hour).run(progress)).hasMessage("interrupted");
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void whatTheDeviceCannotDoIsRefused() {
        assertThatThrownBy(() -> options(1, 1000, 100, 1).check(device))
            .hasMessage("--size 1000 is no multiple of disk0's block size, 512");
        assertThatThrownBy(() -> options(1, 1 << 20, 100, 2).check(device))
            .hasMessage("--size 1048576 does not fit into each of 2 shares of disk0, which has 1048576 bytes");
        assertThatThrownBy(() -> options(1, 512, 100, 3).check(device))
            .hasMessage("--threads 3 is more than disk0 has queues, 2");
        assertThatThrownBy(() -> options(32768, 1 << 20, 100, 1).check(device)).hasMessageContaining("in flight");
        disk.readOnly = true;
        assertThatThrownBy(() -> options(1, 512, 99, 1).check(device))
            .hasMessage("--read-percent 99 would write, and disk0 is read-only");
    }

    @Test
    void sequentialThreadsGoThroughSharesOfTheirOwn() {
        BenchOptions options = BenchOptions.of(1, 4096, 100, 2, NANOS, true, false);
        Positions second = new Positions(options, 4 * 4096, 1);
        assertThat(new long[] {second.next(), second.next(), second.next()}).containsExactly(8192, 12288, 8192);
    }

    @Test
    void randomPositionsAreBlocksOfTheDeviceAndReachItsEnds() {
        Positions positions = new Positions(options(1, 4096, 100, 1), 4 * 4096 + 512, 0);
        long[] seen = new long[4];
        for (int i = 0; i < 10_000; i++) {
            long position = positions.next();
            assertThat(position % 4096).isZero();
            seen[(int) (position / 4096)]++;
        }
        assertThat(Arrays.stream(seen)).allMatch(count -> count > 2000);
    }

    @Test
    void percentilesAreThoseOfTheHistogram() {
        Histogram latencies = new Histogram(3);
        for (int i = 1; i <= 1000; i++) {
            latencies.recordValue(i);
        }
        BenchDTO result = new BenchDTO();
        Bench.percentiles(result, latencies);
        assertThat(new long[] {result.p50Nanos, result.p99Nanos, result.p999Nanos, result.maxNanos})
            .containsExactly(500, 990, 999, 1000);
    }

    @Test
    void theResultPrintsInFull() {
        BenchDTO result = new BenchDTO();
        result.device = "disk0";
        result.depth = 32;
        result.depthAsked = 32;
        result.size = 4096;
        result.readPercent = 70;
        result.threads = 2;
        result.sequential = true;
        result.seconds = 5.04;
        result.reads = 700;
        result.writes = 300;
        result.iops = 1_234_567.8;
        result.mibPerSecond = 4822.53;
        result.meanNanos = 25_000;
        result.p50Nanos = 12_300;
        result.p99Nanos = 20_100;
        result.p999Nanos = 88_000;
        result.maxNanos = 1_200_000;
        result.cpuNanosPerRequest = 810;
        assertThat(BenchConverter.full(result)).isEqualTo("""
            disk0: 4 KiB sequential requests, 70% reads, depth 32, 2 threads polling, 5.0 s
              IOPS                 1,234,568
              MiB/s                4,822.5
              latency              p50 12.3 us, p99 20.1 us, p99.9 88.0 us, max 1.20 ms, mean 25.0 us
              requests             700 reads, 300 writes
              driver CPU           810 ns per request""");
    }
}
