// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.blk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.After;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;
import org.virtio.blk.BlockDevice;
import org.virtio.blk.BlockException;
import org.virtio.blk.BlockQueue;
import org.virtio.itest.blk.BlockIo.Way;
import org.virtio.itest.felix.FelixTest;
import org.virtio.itest.support.Failures;

/** What holds for every block device, whoever serves it. */
public abstract class BlockContract extends FelixTest {
    /** Bytes on the device. */
    protected static final int CAPACITY = 32 << 20;

    private static final int BLOCK = 512;
    private static final int OPERATIONS = 150;

    /** For sockets and images. */
    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    /** The device under test, attached as {@code disk}. */
    protected BlockDevice device;

    /** Starts a back end with a device of {@link #CAPACITY} zeroes, and returns the device's address. */
    protected abstract String serve(Path directory) throws Exception;

    /** Ends the back end. */
    protected abstract void endServing() throws Exception;

    /** The device's ID string. */
    protected abstract String id();

    /** Queues that the back end has. */
    protected abstract int queues();

    /** What the back end holds, seen without the device; null if that cannot be seen. */
    protected byte[] contents() throws Exception {
        return null;
    }

    @Before
    public final void attach() throws Exception {
        device = virtio.attachAt(serve(folder.getRoot().toPath()), "disk");
    }

    @After
    public final void detach() throws Exception {
        try {
            virtio.detachAll();
        } finally {
            endServing();
        }
    }

    @Test
    public void isWhatTheBackEndServes() throws Exception {
        assertThat(device.name()).isEqualTo("disk");
        assertThat(device.capacity()).isEqualTo(CAPACITY);
        assertThat(device.blockSize()).isEqualTo(BLOCK);
        assertThat(device.isReadOnly()).isFalse();
        assertThat(device.queueCount()).isEqualTo(queues());
        assertThat(device.id()).isEqualTo(id());
    }

    @Test
    public void whatIsWrittenInOneWayIsReadInEveryOther() throws Exception {
        Random random = new Random(1);
        try (BlockIo io = new BlockIo(device, 1 << 20)) {
            for (Way write : Way.values()) {
                byte[] data = new byte[BLOCK * (1 + random.nextInt(2047))];
                random.nextBytes(data);
                long position = BLOCK * (long) random.nextInt((CAPACITY - data.length) / BLOCK + 1);
                io.write(write, position, data);
                for (Way read : Way.values()) {
                    assertThat(Arrays.equals(io.read(read, position, data.length), data)).as(write + " then " + read).isTrue();
                }
            }
        }
    }

    @Test
    public void agreesWithAModelAfterRandomOperations() throws Exception {
        long seed = Long.getLong("virtio.seed", System.nanoTime());
        try {
            RandomOperations operations = new RandomOperations(device, new byte[CAPACITY], seed);
            operations.run(OPERATIONS);
            byte[] all = new byte[CAPACITY];
            device.read(0, ByteBuffer.wrap(all));
            operations.assertContents("the device", all);
            device.flush();
            if (contents() != null) {
                operations.assertContents("the image", contents());
            }
        } catch (AssertionError | Exception e) {
            throw Failures.in("with -Dvirtio.seed=" + seed, e);
        }
    }

    @Test
    public void everyThreadHasItsOwnQueueWhileOthersWait() throws Exception {
        new ManyThreads(device).run();
    }

    @Test
    public void whenAllQueuesHaveOwnersNoMoreCanBeOpenedUntilOneIsClosed() throws Exception {
        List<BlockQueue> queues = new ArrayList<>();
        for (int i = 0; i < device.queueCount(); i++) {
            queues.add(device.openQueue());
        }
        assertThatThrownBy(device::openQueue).isInstanceOf(BlockException.class)
            .hasMessageContaining(Thread.currentThread().getName());
        queues.forEach(BlockQueue::close);
        device.openQueue().close();
    }

    @Test
    public void channelReadsAndWritesAnyBytes() throws Exception {
        Random random = new Random(2);
        byte[] model = new byte[1 << 20];
        try (SeekableByteChannel channel = device.channel()) {
            assertThat(channel.size()).isEqualTo(CAPACITY);
            for (int i = 0; i < 100; i++) {
                byte[] data = new byte[1 + random.nextInt(5000)];
                int position = random.nextInt(model.length - data.length);
                random.nextBytes(data);
                assertThat(channel.position(position).write(ByteBuffer.wrap(data))).isEqualTo(data.length);
                assertThat(channel.position()).isEqualTo(position + data.length);
                System.arraycopy(data, 0, model, position, data.length);
            }
            ByteBuffer all = ByteBuffer.allocate(model.length);
            channel.position(0);
            while (all.hasRemaining() && channel.read(all) > 0) {
                assertThat(channel.position()).isEqualTo(all.position());
            }
            assertThat(Arrays.equals(all.array(), model)).isTrue();
            assertThat(channel.position(CAPACITY).read(ByteBuffer.allocate(1))).isEqualTo(-1);
            assertThat(channel.position(CAPACITY - 3).read(ByteBuffer.allocate(10))).isEqualTo(3);
        }
    }

    @Test
    public void refusesWhatIsNotOnTheDeviceBeforeItReachesTheDevice() throws Exception {
        device.read(0, ByteBuffer.allocate(BLOCK));
        long before = virtio.requests("disk");
        assertThatThrownBy(() -> device.read(1, ByteBuffer.allocate(BLOCK)))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("1");
        assertThatThrownBy(() -> device.write(0, ByteBuffer.allocate(700)))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("700");
        assertThatThrownBy(() -> device.write(CAPACITY - BLOCK, ByteBuffer.allocate(2 * BLOCK)))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining(Integer.toString(CAPACITY));
        assertThatThrownBy(() -> device.discard(CAPACITY, BLOCK))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining(Integer.toString(CAPACITY));
        assertThatThrownBy(() -> device.writeZeroes(-BLOCK, BLOCK, false)).isInstanceOf(IllegalArgumentException.class);
        assertThat(virtio.requests("disk")).isEqualTo(before);
    }

    @Test
    public void sixtyFourFuturesAreAllCompleted() throws Exception {
        List<CompletableFuture<Void>> futures = new ArrayList<>();
        byte[] expected = new byte[64 * 4096];
        new Random(3).nextBytes(expected);
        for (int i = 0; i < 64; i++) {
            futures.add(device.writeAsync(i * 4096L, ByteBuffer.wrap(expected, i * 4096, 4096).slice()));
        }
        for (CompletableFuture<Void> future : futures) {
            BlockIo.await(future);
        }
        ByteBuffer read = ByteBuffer.allocate(expected.length);
        device.read(0, read);
        assertThat(Arrays.equals(read.array(), expected)).isTrue();
    }

    @Test
    public void detachedWhileInUseFailsWhatComesAfterwards() throws Exception {
        device.write(0, ByteBuffer.allocate(BLOCK));
        virtio.registry().detach("disk");
        virtio.awaitNoBlock("disk");
        assertThatThrownBy(() -> device.read(0, ByteBuffer.allocate(BLOCK))).isInstanceOf(BlockException.class);
        assertThatThrownBy(() -> BlockIo.await(device.flushAsync())).isInstanceOf(ExecutionException.class)
            .hasCauseInstanceOf(BlockException.class);
        assertThatThrownBy(device::openQueue).isInstanceOf(BlockException.class);
    }

    @Test
    public void idleItCostsNoProcessorTime() throws Exception {
        device.write(0, ByteBuffer.allocate(BLOCK));
        Idleness.await();
        long wakeups = virtio.dump("disk").queues.stream().mapToLong(queue -> queue.wakeups).sum();
        Idleness.await();
        assertThat(virtio.dump("disk").queues.stream().mapToLong(queue -> queue.wakeups).sum()).isEqualTo(wakeups);
        device.write(0, ByteBuffer.allocate(BLOCK));
    }
}
