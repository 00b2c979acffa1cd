// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.blk;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.virtio.blk.BlockDevice;
import org.virtio.blk.BlockQueue;
import org.virtio.blk.BlockResult;
import org.virtio.itest.support.Await;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueResult;

/** Moves bytes to and from a block device in every way that there is. For one thread. */
final class BlockIo implements AutoCloseable {
    /** The ways. */
    enum Way { HEAP, DIRECT, DMA, ASYNC_HEAP, ASYNC_DMA, QUEUE, CHANNEL }

    /** A place in the DMA buffer that is not its beginning. */
    private static final int DMA_OFFSET = 512;

    private final BlockDevice device;
    private final DmaBuffer dma;

    BlockIo(BlockDevice device, int maxLength) {
        this.device = device;
        this.dma = device.memory().allocate(maxLength + DMA_OFFSET);
    }

    void write(Way way, long position, byte[] data) throws Exception {
        dma.bytes().put(DMA_OFFSET, data);
        switch (way) {
            case HEAP -> write(position, ByteBuffer.wrap(data));
            case DIRECT -> write(position, direct(data));
            case DMA -> device.write(position, dma, DMA_OFFSET, data.length);
            case ASYNC_HEAP -> await(device.writeAsync(position, ByteBuffer.wrap(data)));
            case ASYNC_DMA -> await(device.writeAsync(position, dma, DMA_OFFSET, data.length));
            case QUEUE -> {
                try (BlockQueue queue = device.openQueue()) {
                    Completion end = new Completion();
                    end.await(queue, () -> queue.write(position, dma, DMA_OFFSET, data.length, end::completed, end));
                }
            }
            case CHANNEL -> {
                try (SeekableByteChannel channel = device.channel().position(position)) {
                    assertThat(channel.write(ByteBuffer.wrap(data))).isEqualTo(data.length);
                }
            }
            default -> throw new AssertionError(way);
        }
    }

    byte[] read(Way way, long position, int length) throws Exception {
        byte[] data = new byte[length];
        switch (way) {
            case HEAP -> read(position, ByteBuffer.wrap(data));
            case DIRECT -> {
                ByteBuffer direct = ByteBuffer.allocateDirect(length);
                read(position, direct);
                direct.flip().get(data);
            }
            case DMA -> device.read(position, dma, DMA_OFFSET, length);
            case ASYNC_HEAP -> await(device.readAsync(position, ByteBuffer.wrap(data)));
            case ASYNC_DMA -> await(device.readAsync(position, dma, DMA_OFFSET, length));
            case QUEUE -> {
                try (BlockQueue queue = device.openQueue()) {
                    Completion end = new Completion();
                    end.await(queue, () -> queue.read(position, dma, DMA_OFFSET, length, end::completed, end));
                }
            }
            case CHANNEL -> {
                try (SeekableByteChannel channel = device.channel().position(position)) {
                    assertThat(channel.read(ByteBuffer.wrap(data))).isEqualTo(length);
                }
            }
            default -> throw new AssertionError(way);
        }
        if (way == Way.DMA || way == Way.ASYNC_DMA || way == Way.QUEUE) {
            dma.bytes().get(DMA_OFFSET, data);
        }
        return data;
    }

    private void write(long position, ByteBuffer source) throws Exception {
        device.write(position, source);
        assertThat(source.hasRemaining()).isFalse();
    }

    private void read(long position, ByteBuffer destination) throws Exception {
        device.read(position, destination);
        assertThat(destination.hasRemaining()).isFalse();
    }

    private static ByteBuffer direct(byte[] data) {
        return ByteBuffer.allocateDirect(data.length).put(data).flip();
    }

    static void await(CompletableFuture<Void> future) throws Exception {
        future.get(Await.LIMIT.toSeconds(), TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        dma.close();
    }

    /** The end of one request of a queue. */
    private static final class Completion {
        private int calls;
        private int result;

        void completed(Object context, int newResult) {
            assertThat(context).isSameAs(this);
            calls++;
            result = newResult;
        }

        void await(BlockQueue queue, IntSupplier request) {
            assertThat(request.getAsInt()).isEqualTo(QueueResult.OK);
            queue.submit();
            Await.until("the request is complete", () -> {
                queue.await(1, TimeUnit.MILLISECONDS.toNanos(100));
                return queue.inFlight() == 0;
            });
            assertThat(calls).isEqualTo(1);
            assertThat(BlockResult.toString(result)).isEqualTo("OK");
        }
    }
}
