// SPDX-License-Identifier: Apache-2.0
package org.virtio.bench;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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
import org.virtio.core.queue.Ring;
import org.virtio.core.queue.RingFormat;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.UsedBufferHandler;
import org.virtio.spec.SplitRingLayout;
import org.virtio.transport.QueueNotifier;

/**
 * The ring alone, on one thread: requests of three descriptors are added and flushed, the device marks them used in the
 * order in which it got them, the driver polls. Time and bytes are per request, the device's share included.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class SplitRingBenchmark implements UsedBufferHandler, QueueNotifier {
    private static final int SIZE = 256;
    private static final int BATCH = 32;

    /** Whether EVENT_IDX is negotiated. */
    @Param({"false", "true"})
    public boolean eventIdx;

    private Ring queue;
    private DmaBuffer data;
    private ByteBuffer ring;
    private int available;
    private int used;
    private int index;
    private long written;

    /** An empty ring. */
    @Setup
    public void setUp() {
        RingFormat format = new RingFormat(false, eventIdx, false, false, 0);
        DmaBuffer memory = new Memory(format.bytes(SIZE));
        data = new Memory(8192);
        ring = memory.bytes();
        queue = format.create(0, SIZE, memory);
        queue.notifier(this);
        queue.owner(Thread.currentThread());
        available = (int) (queue.setup().driverArea() - queue.setup().descriptorArea());
        used = (int) (queue.setup().deviceArea() - queue.setup().descriptorArea());
    }

    /** One request at a time. */
    @Benchmark
    public long one() {
        roundTrip(1);
        return written;
    }

    /** Thirty-two requests with one flush. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public long batch() {
        roundTrip(BATCH);
        return written;
    }

    private void roundTrip(int count) {
        for (int i = 0; i < count; i++) {
            queue.begin(this, 3);
            queue.addReadable(data, 0, 16);
            queue.addWritable(data, 4096, 4096);
            queue.addWritable(data, 16, 1);
        }
        queue.flush();
        useAll();
        queue.poll(this, count);
    }

    private void useAll() {
        int end = ring.getShort(available + SplitRingLayout.AVAILABLE_IDX) & 0xffff;
        while (index != end) {
            int slot = index & SIZE - 1;
            long head = ring.getShort(available + SplitRingLayout.AVAILABLE_RING + 2 * slot);
            ring.putLong(used + SplitRingLayout.USED_RING + SplitRingLayout.USED_ELEMENT_SIZE * slot, head | 4097L << 32);
            index = index + 1 & 0xffff;
        }
        ring.putShort(used + SplitRingLayout.USED_IDX, (short) index);
    }

    @Override
    public void used(Object token, int bytes) {
        written += bytes;
    }

    @Override
    public void notifyDevice(int data) {
        written++;
    }

    @Override
    public boolean await(long timeoutNanos) {
        return false;
    }

    @Override
    public void wakeup() {
        // Nobody waits.
    }

    private record Memory(ByteBuffer bytes) implements DmaBuffer {
        Memory(int size) {
            this(ByteBuffer.allocateDirect(size + 128).alignedSlice(64).slice(0, size).order(ByteOrder.LITTLE_ENDIAN));
        }

        @Override
        public int size() {
            return bytes.capacity();
        }

        @Override
        public long deviceAddress() {
            return 0;
        }

        @Override
        public void close() {
            // Garbage collected.
        }
    }
}
