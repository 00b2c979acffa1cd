// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The buffers of one descriptor chain as pieces of mapped memory: first the device-readable, then the device-writable. All
 * of it is this device's own copy, so the driver cannot change it any more. No piece is empty. It is filled again for every
 * request and allocates only when a chain has more pieces than any before.
 */
final class Chain {
    /** A chain must not be longer (VIRTIO 1.3, section 2.7.5), bytes. */
    private static final long MAX_BYTES = 1L << 32;

    private int head;
    private int id;
    private int descriptors;
    private int count;
    private int firstWritable;
    private long readableBytes;
    private long writableBytes;
    private ByteBuffer[] buffers = new ByteBuffer[16];
    private int[] offsets = new int[16];
    private int[] lengths = new int[16];

    void clear(int newHead) {
        head = newHead;
        count = 0;
        firstWritable = 0;
        readableBytes = 0;
        writableBytes = 0;
    }

    /** Adds a buffer; a device-readable one must not follow a device-writable one. */
    void add(DriverMemory memory, long address, long length, boolean writable) throws QueueException {
        if (writable) {
            writableBytes += length;
        } else {
            if (writableBytes > 0) {
                throw new QueueException("chain " + head + " has a device-readable buffer after a device-writable one");
            }
            readableBytes += length;
        }
        if (readableBytes + writableBytes > MAX_BYTES) {
            throw new QueueException("chain " + head + " has more than " + MAX_BYTES + " bytes");
        }
        addPieces(memory, address, length);
        if (!writable) {
            firstWritable = count;
        }
    }

    /** A buffer may span regions, since their addresses may adjoin, and windows of a region. */
    private void addPieces(DriverMemory memory, long address, long length) throws QueueException {
        long done = 0;
        while (done < length) {
            MemoryRegion region = memory.find(address + done);
            if (region == null) {
                throw new QueueException(String.format("chain %d has a buffer of %d bytes at guest address 0x%x, "
                    + "of which 0x%x is not in the shared memory", head, length, address, address + done));
            }
            long offset = region.guestOffset(address + done);
            long piece = Math.min(Math.min(length - done, region.after(offset)), MemoryRegion.MAX_PIECE);
            addPiece(region.window(offset), region.windowOffset(offset), (int) piece);
            done += piece;
        }
    }

    private void addPiece(ByteBuffer buffer, int offset, int length) {
        if (count == lengths.length) {
            buffers = Arrays.copyOf(buffers, 2 * count);
            offsets = Arrays.copyOf(offsets, 2 * count);
            lengths = Arrays.copyOf(lengths, 2 * count);
        }
        buffers[count] = buffer;
        offsets[count] = offset;
        lengths[count] = length;
        count++;
    }

    /** Says by what the chain is used: its id, and how many of the ring's descriptors it fills. */
    void identify(int newId, int newDescriptors) {
        id = newId;
        descriptors = newDescriptors;
    }

    /** The index of the chain's first descriptor. */
    int head() {
        return head;
    }

    /** What its used element names: the head of a split ring, the buffer ID of a packed one. */
    int id() {
        return id;
    }

    /** How many of the ring's descriptors it fills. */
    int descriptors() {
        return descriptors;
    }

    /** Index of the first writable piece; that of the first readable one is 0. */
    int firstWritable() {
        return firstWritable;
    }

    long readableBytes() {
        return readableBytes;
    }

    long writableBytes() {
        return writableBytes;
    }

    ByteBuffer buffer(int piece) {
        return buffers[piece];
    }

    int offset(int piece) {
        return offsets[piece];
    }

    int length(int piece) {
        return lengths[piece];
    }

    /** Writes the last byte of the chain; there is one. */
    void putLast(byte value) {
        int last = count - 1;
        buffers[last].put(offsets[last] + lengths[last] - 1, value);
    }

    /** A byte of the readable part. */
    byte readable(long position) {
        int piece = 0;
        long left = position;
        while (left >= lengths[piece]) {
            left -= lengths[piece];
            piece++;
        }
        return buffers[piece].get(offsets[piece] + (int) left);
    }

    /** A little-endian number in the readable part, wherever the driver has split it (VIRTIO 1.3, section 2.7.4.1). */
    long readableLong(long position) {
        if (position + Long.BYTES <= lengths[0]) {
            return buffers[0].getLong(offsets[0] + (int) position);
        }
        long value = 0;
        for (int i = Long.BYTES - 1; i >= 0; i--) {
            value = value << Byte.SIZE | readable(position + i) & 0xff;
        }
        return value;
    }
}
