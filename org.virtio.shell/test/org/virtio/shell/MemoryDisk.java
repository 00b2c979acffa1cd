// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.virtio.blk.BlockCallback;
import org.virtio.blk.BlockDevice;
import org.virtio.blk.BlockQueue;
import org.virtio.blk.BlockResult;
import org.virtio.memory.DmaAllocator;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueResult;

/** What the commands use of a block device, in an array; any other method throws. */
public final class MemoryDisk {
    private static final int QUEUE_SIZE = 8;

    /** What is on the disk. */
    public final byte[] data;
    /** What reads and writes end with. */
    public volatile int result = BlockResult.OK;
    /** Requests after which it completes no more. */
    public volatile long stallAfter = Long.MAX_VALUE;
    /** Buffers that are not closed. */
    public final AtomicInteger openBuffers = new AtomicInteger();
    /** Whether it refuses writes. */
    public boolean readOnly;

    private record Buffer(ByteBuffer bytes, AtomicInteger open) implements DmaBuffer {
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
            open.decrementAndGet();
        }
    }

    /** A disk of that many bytes. */
    public MemoryDisk(int capacity) {
        data = new byte[capacity];
    }

    /** The disk as a device. */
    public BlockDevice device() {
        return proxy(BlockDevice.class, new Device());
    }

    // Methods are found by their names and parameters, so that those which no test needs have not to be written.
    private static <T> T proxy(Class<T> type, Object target) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, arguments) -> {
            try {
                return Arrays.stream(target.getClass().getMethods())
                    .filter(m -> m.getName().equals(method.getName())
                        && Arrays.equals(m.getParameterTypes(), method.getParameterTypes()))
                    .findFirst().orElseThrow(() -> new UnsupportedOperationException(method.toString()))
                    .invoke(target, arguments);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        }));
    }

    /** Public for reflection. */
    public final class Memory {
        /** As the interface has it. */
        public DmaBuffer allocate(int size) {
            openBuffers.incrementAndGet();
            return new Buffer(ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN), openBuffers);
        }
    }

    /** Public for reflection. */
    public final class Device {
        public String name() {
            return "disk0";
        }

        public long capacity() {
            return data.length;
        }

        public int blockSize() {
            return 512;
        }

        public boolean isReadOnly() {
            return readOnly;
        }

        public int queueCount() {
            return 2;
        }

        public DmaAllocator memory() {
            return proxy(DmaAllocator.class, new Memory());
        }

        public void read(long position, DmaBuffer buffer, int offset, int length) {
            buffer.bytes().put(offset, data, (int) position, length);
        }

        public void write(long position, DmaBuffer buffer, int offset, int length) {
            buffer.bytes().get(offset, data, (int) position, length);
        }

        public CompletableFuture<Void> flushAsync() {
            return done(() -> { });
        }

        public CompletableFuture<Void> readAsync(long position, DmaBuffer buffer, int offset, int length) {
            return done(() -> read(position, buffer, offset, length));
        }

        public CompletableFuture<Void> writeAsync(long position, DmaBuffer buffer, int offset, int length) {
            return done(() -> write(position, buffer, offset, length));
        }

        public CompletableFuture<Void> readAsync(long position, ByteBuffer destination) {
            return done(() -> destination.put(data, checked(position), checked(destination.remaining())));
        }

        public CompletableFuture<Void> writeAsync(long position, ByteBuffer source) {
            return done(() -> source.get(data, checked(position), checked(source.remaining())));
        }

        private int checked(long bytes) {
            if (bytes % blockSize() != 0) {
                throw new IllegalArgumentException(bytes + " is not in whole blocks");
            }
            return (int) bytes;
        }

        private CompletableFuture<Void> done(Runnable action) {
            if (stallAfter-- <= 0) {
                return new CompletableFuture<>();
            }
            action.run();
            return CompletableFuture.completedFuture(null);
        }

        public BlockQueue openQueue() {
            return proxy(BlockQueue.class, new Queue());
        }
    }

    /** Public for reflection. */
    public final class Queue {
        private final Device device = new Device();
        private final Deque<Runnable> entered = new ArrayDeque<>();
        private boolean closed;

        public int read(long position, DmaBuffer buffer, int offset, int length, BlockCallback callback, Object context) {
            return enter(() -> device.read(position, buffer, offset, length), callback, context);
        }

        public int write(long position, DmaBuffer buffer, int offset, int length, BlockCallback callback, Object context) {
            return enter(() -> device.write(position, buffer, offset, length), callback, context);
        }

        private int enter(Runnable action, BlockCallback callback, Object context) {
            if (entered.size() == QUEUE_SIZE) {
                return QueueResult.FULL;
            }
            entered.add(() -> {
                action.run();
                callback.completed(context, closed ? BlockResult.DEVICE_GONE : result);
            });
            return QueueResult.OK;
        }

        public int index() {
            return 0;
        }

        public int inFlight() {
            return entered.size();
        }

        public void submit() {
        }

        public int poll(int limit) {
            int count = 0;
            while (count < limit && !entered.isEmpty() && stallAfter-- > 0) {
                entered.remove().run();
                count++;
            }
            return count;
        }

        public int await(int limit, long timeoutNanos) {
            return poll(limit);
        }

        public String failure() {
            return null;
        }

        public void close() {
            closed = true;
            entered.forEach(Runnable::run);
        }
    }
}
