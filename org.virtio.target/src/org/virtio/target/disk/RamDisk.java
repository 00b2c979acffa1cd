// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.virtio.posix.SharedMemory;

/**
 * A disk in memory. It lies outside the heap in chunks, since a buffer ends at 2 GiB, and the kernel provides a page when it
 * is first touched, so that a large disk costs what is written to it. Reads, writes and zeroing allocate nothing.
 */
public final class RamDisk implements Disk {
    private static final int CHUNK_BITS = 30;
    /** Every chunk has this size, also the last, so that growing never moves what is there. */
    private static final int CHUNK_SIZE = 1 << CHUNK_BITS;

    private final List<SharedMemory> memory = new ArrayList<>();
    /** Replaced as a whole, before {@link #size} says that there is more. */
    private volatile ByteBuffer[] chunks = new ByteBuffer[0];
    private volatile long size;

    /**
     * A disk of zeros.
     *
     * @param size bytes, more than 0
     */
    public RamDisk(long size) throws IOException {
        try {
            grow(size);
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public void read(long position, ByteBuffer target, int index, int length) {
        int done = 0;
        while (done < length) {
            int offset = offset(position + done);
            int count = Math.min(length - done, CHUNK_SIZE - offset);
            target.put(index + done, chunk(position + done), offset, count);
            done += count;
        }
    }

    @Override
    public void write(long position, ByteBuffer source, int index, int length) {
        int done = 0;
        while (done < length) {
            int offset = offset(position + done);
            int count = Math.min(length - done, CHUNK_SIZE - offset);
            chunk(position + done).put(offset, source, index + done, count);
            done += count;
        }
    }

    @Override
    public void writeZeroes(long position, long length) {
        long done = 0;
        while (done < length) {
            int count = (int) Math.min(length - done, Zeroes.SIZE);
            write(position + done, Zeroes.shared(), 0, count);
            done += count;
        }
    }

    /** Zeros, so that a driver that reads what it discarded gets the same each time. */
    @Override
    public void discard(long position, long length) {
        writeZeroes(position, length);
    }

    @Override
    public void flush() {
        // Memory is as durable as it gets.
    }

    @Override
    public synchronized void grow(long newSize) throws IOException {
        int count = Math.toIntExact(newSize + CHUNK_SIZE - 1 >>> CHUNK_BITS);
        while (memory.size() < count) {
            memory.add(SharedMemory.create("virtio-ram-disk", CHUNK_SIZE, false));
        }
        chunks = memory.stream().map(chunk -> chunk.mapping().buffer()).toArray(ByteBuffer[]::new);
        size = newSize;
    }

    @Override
    public synchronized void close() {
        memory.forEach(SharedMemory::close);
        memory.clear();
    }

    private ByteBuffer chunk(long position) {
        return chunks[(int) (position >>> CHUNK_BITS)];
    }

    private static int offset(long position) {
        return (int) position & CHUNK_SIZE - 1;
    }
}
