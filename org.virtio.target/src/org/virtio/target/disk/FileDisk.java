// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.disk;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A disk in a file or on a block device, read and written at positions straight from and to the driver's memory. */
public final class FileDisk implements Disk {
    private static final Logger LOG = LoggerFactory.getLogger(FileDisk.class);

    private final Path path;
    private final FileChannel channel;
    private volatile long size;

    private FileDisk(Path path, FileChannel channel, long size) {
        this.path = path;
        this.channel = channel;
        this.size = size;
    }

    /**
     * Opens a file; a writable one is created if it is not there, and extended with zeros if it is too short.
     *
     * @param size bytes; 0 for the file's own size
     * @throws IOException if the file cannot be opened, or is empty, or is shorter and read-only
     */
    public static FileDisk open(Path path, long size, boolean readOnly) throws IOException {
        FileChannel channel = FileChannel.open(path, options(size, readOnly));
        try {
            long present = channel.size();
            if (size == 0 && present == 0) {
                throw new IOException(path + " is empty, and no size is given");
            }
            if (size > present) {
                if (readOnly) {
                    throw new IOException(path + " has " + present + " bytes, not " + size + ", and is read-only");
                }
                extend(channel, size);
            }
            return new FileDisk(path, channel, size == 0 ? present : size);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static Set<StandardOpenOption> options(long size, boolean readOnly) {
        if (readOnly) {
            return Set.of(StandardOpenOption.READ);
        }
        return size == 0
            ? Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE)
            : Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
    }

    private static void extend(FileChannel channel, long size) throws IOException {
        writeFully(channel, Zeroes.view(1), size - 1);
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public void read(long position, ByteBuffer target, int index, int length) throws IOException {
        ByteBuffer view = target.slice(index, length);
        while (view.hasRemaining()) {
            if (channel.read(view, position + view.position()) < 0) {
                throw new EOFException(path + " ends at " + channel.size() + ", before byte " + (position + length));
            }
        }
    }

    @Override
    public void write(long position, ByteBuffer source, int index, int length) throws IOException {
        writeFully(channel, source.slice(index, length), position);
    }

    @Override
    public void writeZeroes(long position, long length) throws IOException {
        long done = 0;
        while (done < length) {
            int count = (int) Math.min(length - done, Zeroes.SIZE);
            writeFully(channel, Zeroes.view(count), position + done);
            done += count;
        }
    }

    @Override
    public void discard(long position, long length) {
        // The JDK cannot punch holes, and a device need not.
    }

    @Override
    public void flush() throws IOException {
        channel.force(false);
    }

    @Override
    public synchronized void grow(long newSize) throws IOException {
        if (channel.size() < newSize) {
            extend(channel, newSize);
        }
        size = newSize;
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.warn("Closing {}: {}", path, e.toString());
        }
    }

    private static void writeFully(FileChannel channel, ByteBuffer source, long position) throws IOException {
        while (source.hasRemaining()) {
            channel.write(source, position + source.position());
        }
    }
}
