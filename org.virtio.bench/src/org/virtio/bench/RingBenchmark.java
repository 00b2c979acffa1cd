// SPDX-License-Identifier: Apache-2.0
package org.virtio.bench;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.virtio.core.queue.PollingDevice;

/**
 * The ring alone, on one thread: requests are added and published, the device uses them in the order in which it got them, the
 * driver polls. Time and bytes are per request, the device's share included.
 *
 * <p>How large that share is, is the difference to {@code …Rehearsed}: there another device goes through the same requests
 * first, with the same code over the same memory, and stores what it used elsewhere. The processor overlaps the two a little,
 * so that the difference is a lower bound.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class RingBenchmark {
    private static final int BATCH = 32;

    /** Ring format, and whether IN_ORDER is negotiated. */
    @Param({"split", "split-in-order", "packed", "packed-in-order"})
    public String format;

    /** Whether each request uses an indirect table. */
    @Param({"false", "true"})
    public boolean indirect;

    /** Whether EVENT_IDX is negotiated. */
    @Param("true")
    public boolean eventIdx;

    /** Of each request, 1 to 4. */
    @Param("3")
    public int descriptors;

    private BlockLoad load;
    private PollingDevice device;
    private PollingDevice rehearsal;

    /** An empty ring. */
    @Setup
    public void setUp() {
        load = new BlockLoad(BlockLoad.format(format, eventIdx, indirect), descriptors);
        device = load.device();
        device.suppressNotifications();
        rehearsal = load.rehearsal();
    }

    /** One request at a time. */
    @Benchmark
    public long one() {
        submit(1);
        return complete(1);
    }

    /** Thirty-two requests with one flush. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public long batch() {
        submit(BATCH);
        return complete(BATCH);
    }

    /** {@link #one}, and the device's work once more. */
    @Benchmark
    public long oneRehearsed() {
        submit(1);
        rehearsal.use(1);
        return complete(1);
    }

    /** {@link #batch}, and the device's work once more. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public long batchRehearsed() {
        submit(BATCH);
        rehearsal.use(BATCH);
        return complete(BATCH);
    }

    private void submit(int count) {
        for (int i = 0; i < count; i++) {
            load.add();
        }
        load.flush();
    }

    private long complete(int count) {
        if (device.use(count) != count || load.poll(count) != count) {
            throw new IllegalStateException("a request was lost");
        }
        return load.written() + device.addresses() + rehearsal.addresses();
    }
}
