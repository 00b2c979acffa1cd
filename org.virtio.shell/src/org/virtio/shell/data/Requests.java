// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.virtio.blk.BlockDevice;
import org.virtio.memory.DmaBuffer;
import org.virtio.shell.CommandException;

/**
 * Requests to a device, one at a time, that end with an error if the device does not complete them: unlike the device's own
 * synchronous methods, after a time limit or an interrupt. The request is in flight still then, and its buffer the device's.
 */
final class Requests {
    private static final int LIMIT_SECONDS = 30;

    private final BlockDevice device;
    private CompletableFuture<Void> last = CompletableFuture.completedFuture(null);

    Requests(BlockDevice device) {
        this.device = device;
    }

    /** Whether the device may still use the buffer of the last request. */
    boolean isInFlight() {
        return !last.isDone();
    }

    void read(long position, DmaBuffer buffer, int length) throws IOException, CommandException {
        await(() -> device.readAsync(position, buffer, 0, length), "a read of " + length + " bytes at " + position);
    }

    void write(long position, DmaBuffer buffer, int length) throws IOException, CommandException {
        await(() -> device.writeAsync(position, buffer, 0, length), "a write of " + length + " bytes at " + position);
    }

    void flush() throws IOException, CommandException {
        await(device::flushAsync, "a flush");
    }

    /** Reads bytes at any position, and of any number, within the device. */
    void read(long position, byte[] bytes) throws IOException, CommandException {
        int into = into(position);
        byte[] blocks = blocks(position - into, into + bytes.length);
        System.arraycopy(blocks, into, bytes, 0, bytes.length);
    }

    /** Writes bytes at any position, and of any number, within the device; what stands around them in their blocks stays. */
    void write(long position, byte[] bytes, int length) throws IOException, CommandException {
        if (length == 0) {
            return;
        }
        int into = into(position);
        int size = roundUp(into + length);
        int blockSize = device.blockSize();
        byte[] data = new byte[size];
        if (into > 0) {
            System.arraycopy(blocks(position - into, blockSize), 0, data, 0, blockSize);
        }
        if (into + length < size && (into == 0 || size > blockSize)) {
            System.arraycopy(blocks(position - into + size - blockSize, blockSize), 0, data, size - blockSize, blockSize);
        }
        System.arraycopy(bytes, 0, data, into, length);
        await(() -> device.writeAsync(position - into, ByteBuffer.wrap(data)), "a write of " + size + " bytes at "
            + (position - into));
    }

    private byte[] blocks(long position, int length) throws IOException, CommandException {
        byte[] blocks = new byte[roundUp(length)];
        if (length > 0) {
            await(() -> device.readAsync(position, ByteBuffer.wrap(blocks)), "a read of " + blocks.length + " bytes at "
                + position);
        }
        return blocks;
    }

    private int into(long position) {
        return (int) (position % device.blockSize());
    }

    private int roundUp(int length) {
        return (length + device.blockSize() - 1) / device.blockSize() * device.blockSize();
    }

    private void await(Supplier<CompletableFuture<Void>> request, String what) throws IOException, CommandException {
        last = request.get();
        try {
            last.get(LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new CommandException(device.name() + " did not complete " + what + " within " + LIMIT_SECONDS + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandException("interrupted: " + device.name() + " had not completed " + what, e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            throw new IOException(e.getCause());
        }
    }
}
