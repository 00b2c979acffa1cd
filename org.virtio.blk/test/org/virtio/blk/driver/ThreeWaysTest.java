// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.virtio.blk.BlockQueue;
import org.virtio.memory.DmaBuffer;
import org.virtio.spec.BlkConfigLayout;
import org.virtio.spec.BlkFeature;

/** Any sequence of operations, through any of the ways to do I/O, leaves what a plain array would hold. */
class ThreeWaysTest {
    private static final int BLOCKS = 256;
    private static final int BLOCK = 512;

    /** How an operation reaches the device. */
    enum Way { QUEUE, ASYNC_DIRECT, ASYNC_BOUNCED, SYNC_DIRECT, SYNC_BOUNCED, CHANNEL }

    /** What an operation does. */
    enum Kind { READ, WRITE, DISCARD, ZERO, FLUSH }

    /** One operation; the range is brought within the device. */
    record Op(Kind kind, Way way, int block, int blocks, int seed) {
        long position() {
            return (long) block * BLOCK;
        }

        int length() {
            return Math.min(blocks, BLOCKS - block) * BLOCK;
        }
    }

    /** What the device can take. */
    record Shape(int sizeMax, int segMax, int discardSectors, int zeroesSectors, int queueSize) {
        FakeDevice device(long seed) {
            FakeDevice device = Fixture.capable()
                .offer(BlkFeature.SIZE_MAX, BlkConfigLayout.SIZE_MAX, 4, sizeMax)
                .config(BlkConfigLayout.SEG_MAX, 4, segMax)
                .config(BlkConfigLayout.MAX_DISCARD_SECTORS, 4, discardSectors)
                .config(BlkConfigLayout.MAX_WRITE_ZEROES_SECTORS, 4, zeroesSectors)
                .config(BlkConfigLayout.NUM_QUEUES, 2, 2)
                .capacity(BLOCKS);
            device.queueSize = queueSize;
            device.seed = seed;
            return device;
        }
    }

    @Provide
    Arbitrary<List<Op>> operations() {
        return Combinators.combine(Arbitraries.of(Kind.class), Arbitraries.of(Way.class),
            Arbitraries.integers().between(0, BLOCKS - 1), Arbitraries.integers().between(1, BLOCKS),
            Arbitraries.integers().between(0, 255)).as(Op::new).list().ofMinSize(1).ofMaxSize(20);
    }

    @Provide
    Arbitrary<Shape> shapes() {
        return Combinators.combine(Arbitraries.of(0, 512, 700, 4096, 65536), Arbitraries.integers().between(1, 20),
            Arbitraries.of(0, 1, 7, 64), Arbitraries.of(0, 1, 5, 100), Arbitraries.of(4, 8, 64)).as(Shape::new);
    }

    @Property(tries = 300)
    void everySequenceLeavesWhatAnArrayWouldHold(@ForAll("operations") List<Op> operations, @ForAll("shapes") Shape shape,
                                                 @ForAll long seed) throws Exception {
        byte[] model = new byte[BLOCKS * BLOCK];
        try (Fixture f = Fixture.of(shape.device(seed)); BlockQueue queue = f.device.openQueue()) {
            for (Op op : operations) {
                run(f, queue, op, model);
            }
            assertThat(f.fake.disk.bytes).isEqualTo(model);
            assertThat(f.fake.disk.violations).isEmpty();
        }
    }

    private static void run(Fixture f, BlockQueue queue, Op op, byte[] model) throws Exception {
        int at = (int) op.position();
        switch (op.kind()) {
            case READ -> {
                byte[] read = new byte[op.length()];
                read(f, queue, op, read);
                assertThat(read).isEqualTo(Arrays.copyOfRange(model, at, at + op.length()));
            }
            case WRITE -> {
                byte[] data = Fixture.pattern(op.length(), op.seed());
                write(f, queue, op, data);
                System.arraycopy(data, 0, model, at, data.length);
            }
            case DISCARD -> {
                range(f, queue, op);
                Arrays.fill(model, at, at + op.length(), FakeDisk.DISCARDED);
            }
            case ZERO -> {
                range(f, queue, op);
                Arrays.fill(model, at, at + op.length(), (byte) 0);
            }
            default -> f.device.flush();
        }
    }

    private static void read(Fixture f, BlockQueue queue, Op op, byte[] into) throws Exception {
        ByteBuffer heap = ByteBuffer.wrap(into);
        DmaBuffer shared = f.fake.memory.allocate(op.length() + BLOCK);
        switch (op.way()) {
            case QUEUE -> {
                queue.read(op.position(), shared, BLOCK, op.length(), f, op);
                finish(f, queue, op);
            }
            case ASYNC_DIRECT -> f.device.readAsync(op.position(), shared, BLOCK, op.length()).join();
            case SYNC_DIRECT -> f.device.read(op.position(), shared, BLOCK, op.length());
            case ASYNC_BOUNCED -> f.device.readAsync(op.position(), heap).join();
            case SYNC_BOUNCED -> f.device.read(op.position(), heap);
            default -> {
                SeekableByteChannel channel = f.device.channel().position(op.position());
                assertThat(channel.read(heap)).isEqualTo(op.length());
            }
        }
        if (heap.hasRemaining()) {
            shared.bytes().get(BLOCK, into);
        }
        shared.close();
    }

    private static void write(Fixture f, BlockQueue queue, Op op, byte[] data) throws Exception {
        ByteBuffer heap = ByteBuffer.wrap(data);
        DmaBuffer shared = f.fake.memory.allocate(op.length() + BLOCK);
        shared.bytes().put(BLOCK, data);
        switch (op.way()) {
            case QUEUE -> {
                queue.write(op.position(), shared, BLOCK, op.length(), f, op);
                finish(f, queue, op);
            }
            case ASYNC_DIRECT -> f.device.writeAsync(op.position(), shared, BLOCK, op.length()).join();
            case SYNC_DIRECT -> f.device.write(op.position(), shared, BLOCK, op.length());
            case ASYNC_BOUNCED -> f.device.writeAsync(op.position(), heap).join();
            case SYNC_BOUNCED -> f.device.write(op.position(), heap);
            default -> {
                SeekableByteChannel channel = f.device.channel().position(op.position());
                assertThat(channel.write(heap)).isEqualTo(op.length());
            }
        }
        shared.close();
    }

    private static void range(Fixture f, BlockQueue queue, Op op) throws Exception {
        boolean discard = op.kind() == Kind.DISCARD;
        switch (op.way()) {
            case QUEUE -> {
                if (discard) {
                    queue.discard(op.position(), op.length(), f, op);
                } else {
                    queue.writeZeroes(op.position(), op.length(), true, f, op);
                }
                finish(f, queue, op);
            }
            case SYNC_DIRECT, SYNC_BOUNCED -> {
                if (discard) {
                    f.device.discard(op.position(), op.length());
                } else {
                    f.device.writeZeroes(op.position(), op.length(), false);
                }
            }
            default -> (discard ? f.device.discardAsync(op.position(), op.length())
                : f.device.writeZeroesAsync(op.position(), op.length(), true)).join();
        }
    }

    private static void finish(Fixture f, BlockQueue queue, Op op) {
        Fixture.finish(queue);
        assertThat(f.completions).containsExactly(op + " OK");
        f.completions.clear();
    }
}
