// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import org.virtio.blk.BlockDevice;
import org.virtio.blk.BlockException;
import org.virtio.blk.BlockUnsupportedException;

/** A block device as a channel: whole blocks go straight through, parts of blocks through a buffer of one block. */
final class BlkChannel implements SeekableByteChannel {
    private final BlockDevice device;
    private final int blockSize;
    private final ByteBuffer block;
    private long position;
    private boolean written;
    private boolean closed;

    BlkChannel(BlockDevice device) {
        this.device = device;
        this.blockSize = device.blockSize();
        this.block = ByteBuffer.allocate(blockSize);
    }

    @Override
    public synchronized int read(ByteBuffer destination) throws IOException {
        checkOpen();
        if (position >= device.capacity()) {
            return -1;
        }
        return transfer(destination, device::read, this::readPart);
    }

    @Override
    public synchronized int write(ByteBuffer source) throws IOException {
        checkOpen();
        if (device.isReadOnly()) {
            throw new NonWritableChannelException();
        }
        if (position >= device.capacity() && source.hasRemaining()) {
            throw new BlockException(
                "position " + position + " is at or beyond the end of " + device.name() + " at " + device.capacity());
        }
        written = true;
        return transfer(source, device::write, this::writePart);
    }

    @Override
    public synchronized long position() throws IOException {
        checkOpen();
        return position;
    }

    @Override
    public synchronized SeekableByteChannel position(long newPosition) throws IOException {
        checkOpen();
        if (newPosition < 0) {
            throw new IllegalArgumentException("position " + newPosition + " is negative");
        }
        position = newPosition;
        return this;
    }

    @Override
    public synchronized long size() throws IOException {
        checkOpen();
        return device.capacity();
    }

    @Override
    public SeekableByteChannel truncate(long size) throws IOException {
        throw new BlockUnsupportedException(device.name() + " is a block device, which cannot be truncated");
    }

    @Override
    public synchronized boolean isOpen() {
        return !closed;
    }

    @Override
    public synchronized void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        if (written) {
            device.flush();
        }
    }

    private interface Transfer {
        void run(long position, ByteBuffer data) throws BlockException;
    }

    /** Moves the data block by block at its ragged ends and all at once between; stops at the end of the device. */
    private int transfer(ByteBuffer data, Transfer whole, Transfer part) throws BlockException {
        int end = data.limit();
        int start = data.position();
        int length = (int) Math.max(0, Math.min(data.remaining(), device.capacity() - position));
        try {
            for (int left = length; left > 0; left = length - (data.position() - start)) {
                int before = data.position();
                int into = (int) (position % blockSize);
                boolean aligned = into == 0 && left >= blockSize;
                int now = aligned ? left - left % blockSize : Math.min(left, blockSize - into);
                data.limit(before + now);
                (aligned ? whole : part).run(position, data);
                data.position(before + now);
                position += now;
            }
        } finally {
            data.limit(end);
        }
        return length;
    }

    private void readPart(long at, ByteBuffer destination) throws BlockException {
        loadBlock(at);
        int into = (int) (at % blockSize);
        destination.put(destination.position(), block, into, destination.remaining());
    }

    private void writePart(long at, ByteBuffer source) throws BlockException {
        loadBlock(at);
        int into = (int) (at % blockSize);
        block.put(into, source, source.position(), source.remaining());
        device.write(at - into, block.rewind());
    }

    private void loadBlock(long at) throws BlockException {
        device.read(at - at % blockSize, block.rewind());
    }

    private void checkOpen() throws ClosedChannelException {
        if (closed) {
            throw new ClosedChannelException();
        }
    }
}
