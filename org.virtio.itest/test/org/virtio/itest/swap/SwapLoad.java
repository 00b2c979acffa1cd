// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.swap;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.virtio.blk.BlockDevice;
import org.virtio.blk.BlockQueue;
import org.virtio.blk.BlockResult;
import org.virtio.itest.support.Await;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueResult;

/**
 * A writer and a verifier on a queue of its own, 32 requests at a time. Each slot writes a new generation of its block, reads it
 * back, compares, and so on; a request that fails, ends twice, is lost or has other data ends the load.
 */
public final class SwapLoad implements AutoCloseable {
    private static final int DEPTH = 32;
    private static final int BLOCK = 4096;

    private final BlockDevice device;
    private final Thread thread;
    private final Slot[] slots = new Slot[DEPTH];
    private final AtomicLong completed = new AtomicLong();
    private final AtomicLong longestGapNanos = new AtomicLong();
    private volatile boolean stopping;
    private volatile Throwable failure;
    private BlockQueue queue;
    private int inFlight;
    private long lastCompletion;

    /** Begins. */
    public SwapLoad(BlockDevice device) {
        this.device = device;
        this.thread = new Thread(this::run, "load of " + device.name());
        thread.start();
    }

    /** What is done with one block. */
    private final class Slot {
        private final int index;
        private final DmaBuffer data = device.memory().allocate(BLOCK);
        private long generation;
        private boolean reading;
        private boolean pending;

        Slot(int index) {
            this.index = index;
        }

        private long word(int i) {
            return generation * 0x9e37_79b9_7f4a_7c15L + ((long) index << 32) + i;
        }

        void enter() {
            long position = (long) index * BLOCK;
            if (!reading) {
                generation++;
                for (int i = 0; i < BLOCK; i += Long.BYTES) {
                    data.bytes().putLong(i, word(i));
                }
            }
            int result = reading ? queue.read(position, data, 0, BLOCK, this::completed, null)
                : queue.write(position, data, 0, BLOCK, this::completed, null);
            if (result != QueueResult.OK) {
                throw new AssertionError("not entered: " + result + ", " + queue.failure());
            }
            pending = true;
            inFlight++;
        }

        void completed(Object context, int result) {
            if (!pending) {
                throw new AssertionError("slot " + index + " ended twice");
            }
            pending = false;
            inFlight--;
            if (result != BlockResult.OK) {
                throw new AssertionError((reading ? "a read" : "a write") + " ended with " + BlockResult.toString(result)
                    + ", " + queue.failure());
            }
            for (int i = 0; reading && i < BLOCK; i += Long.BYTES) {
                if (data.bytes().getLong(i) != word(i)) {
                    throw new AssertionError("slot " + index + " reads something else than generation " + generation);
                }
            }
            reading = !reading;
            if (reading) {
                // What is read must come from the device.
                data.bytes().putLong(0, 0).putLong(BLOCK - Long.BYTES, 0);
            }
            noteCompletion();
            if (!stopping || reading) {
                enter();
            }
        }
    }

    private void noteCompletion() {
        long now = System.nanoTime();
        longestGapNanos.accumulateAndGet(now - lastCompletion, Math::max);
        lastCompletion = now;
        completed.incrementAndGet();
    }

    private void run() {
        try (BlockQueue opened = device.openQueue()) {
            queue = opened;
            lastCompletion = System.nanoTime();
            for (int i = 0; i < DEPTH; i++) {
                slots[i] = new Slot(i);
                slots[i].enter();
            }
            while (inFlight > 0) {
                if (queue.await(DEPTH, TimeUnit.SECONDS.toNanos(60)) == 0) {
                    throw new AssertionError(inFlight + " requests were not completed within a minute");
                }
            }
        } catch (Throwable e) {
            failure = e;
        } finally {
            for (Slot slot : slots) {
                if (slot != null) {
                    slot.data.close();
                }
            }
        }
    }

    /** Requests that have been completed. */
    public long completed() {
        check();
        return completed.get();
    }

    /** Waits until requests are completed that began after this was called. */
    public void awaitProgress() {
        long before = completed();
        Await.until(device.name() + " works", () -> completed() > before + 2 * DEPTH);
    }

    /** The longest time without a completion since this was asked last. */
    public long takeLongestGapNanos() {
        return longestGapNanos.getAndSet(0);
    }

    private void check() {
        if (failure != null) {
            throw new AssertionError("the load of " + device.name() + " failed: " + failure.getMessage(), failure);
        }
    }

    /** Finds in a file, which is the device's, what was written last; after the end. */
    public void assertWritten(Path image) throws IOException {
        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(image)).order(ByteOrder.LITTLE_ENDIAN);
        for (Slot slot : slots) {
            for (int i = 0; i < BLOCK; i += Long.BYTES) {
                assertThat(file.getLong(slot.index * BLOCK + i)).as("word %d of slot %d in the file", i, slot.index)
                    .isEqualTo(slot.word(i));
            }
        }
    }

    /** Ends after all that was written last has been read back. */
    @Override
    public void close() {
        stopping = true;
        Await.until(thread.getName() + " ends", () -> !thread.isAlive());
        check();
    }
}
