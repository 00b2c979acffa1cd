// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.virtio.blk.BlockDevice;
import org.virtio.memory.DmaBuffer;
import org.virtio.shell.CommandException;
import org.virtio.shell.Progress;

/** Goes through a range of a device, a chunk of it at a time, in memory that the device shares. */
public final class RangeWork {
    private static final int CHUNK = 1 << 20;

    private final BlockDevice device;
    private final Range range;
    private final Requests requests;

    /** Work on this range. */
    public RangeWork(BlockDevice device, Range range) {
        this.device = device;
        this.range = range;
        this.requests = new Requests(device);
    }

    /** Makes a buffer's first bytes what belongs at a position. */
    @FunctionalInterface
    public interface Source {
        /** Puts {@code length} bytes into the buffer, from index 0. */
        void put(ByteBuffer buffer, int length, long position);
    }

    @FunctionalInterface
    private interface Step {
        void go(DmaBuffer buffer, int length, long position) throws IOException, CommandException;
    }

    /** Writes the range and flushes it. */
    public RangeDTO fill(Source source, Progress progress) throws IOException, CommandException {
        long start = System.nanoTime();
        each(progress, start, (buffer, length, position) -> {
            source.put(buffer.bytes(), length, position);
            requests.write(position, buffer, length);
        });
        requests.flush();
        return result("filled", start);
    }

    /** Reads the range and compares it with a pattern; throws at the first difference. */
    public RangeDTO verify(Pattern pattern, Progress progress) throws IOException, CommandException {
        long start = System.nanoTime();
        each(progress, start, (buffer, length, position) -> {
            requests.read(position, buffer, length);
            int at = pattern.mismatch(buffer.bytes(), length, position);
            if (at >= 0) {
                throw new CommandException(difference(pattern, position + at, buffer.bytes().getLong(at)));
            }
        });
        return result("verified", start);
    }

    private void each(Progress progress, long start, Step step) throws IOException, CommandException {
        int chunk = (int) Math.max(device.blockSize(), Math.min(CHUNK, range.length()));
        DmaBuffer buffer = device.memory().allocate(chunk);
        try {
            for (long done = 0; done < range.length();) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new CommandException("interrupted after " + done + " of " + range.length() + " bytes");
                }
                int length = (int) Math.min(chunk, range.length() - done);
                step.go(buffer, length, range.position() + done);
                done += length;
                progress.bytes(done, System.nanoTime() - start);
            }
        } finally {
            // Else the device may still use it; the memory goes when the device is closed.
            if (!requests.isInFlight()) {
                buffer.close();
            }
        }
    }

    private String difference(Pattern pattern, long position, long actual) {
        String text = String.format("%s differs at position %d (0x%x): expected %016x, found %016x",
            device.name(), position, position, pattern.word(position), actual);
        long belongs = pattern.positionOf(actual);
        return belongs >= 0 && belongs < device.capacity() ? text + ", which belongs at position " + belongs : text;
    }

    private RangeDTO result(String action, long start) {
        RangeDTO result = new RangeDTO();
        result.device = device.name();
        result.action = action;
        result.position = range.position();
        result.length = range.length();
        result.nanos = System.nanoTime() - start;
        return result;
    }
}
