// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import org.virtio.memory.DmaBuffer;

/** Which requests may reach the device; every refusal has the numbers. Thread-safe. */
final class Bounds {
    private final String name;
    private final int blockSize;
    private final boolean readOnly;
    private volatile long capacity;

    Bounds(String name, int blockSize, boolean readOnly, long capacity) {
        this.name = name;
        this.blockSize = blockSize;
        this.readOnly = readOnly;
        this.capacity = capacity;
    }

    int blockSize() {
        return blockSize;
    }

    boolean isReadOnly() {
        return readOnly;
    }

    long capacity() {
        return capacity;
    }

    void capacity(long bytes) {
        capacity = bytes;
    }

    /** @throws IllegalArgumentException if the range is not one of whole blocks within the capacity */
    void check(long position, long length) {
        long now = capacity;
        if (((position | length) & blockSize - 1) != 0 || position < 0 || length < 0 || position > now - length) {
            throw refusal(position, length, now);
        }
    }

    /** As {@link #check(long, long)}, also if the device is read-only. */
    void checkWrite(long position, long length) {
        if (readOnly) {
            throw new IllegalArgumentException(name + " is read-only");
        }
        check(position, length);
    }

    /** @throws IllegalArgumentException if the range does not lie within the buffer */
    static void checkBuffer(DmaBuffer buffer, int offset, int length) {
        if ((offset | length) < 0 || offset > buffer.size() - length) {
            throw new IllegalArgumentException(
                "offset " + offset + " + length " + length + " is beyond the buffer of " + buffer.size() + " bytes");
        }
    }

    private IllegalArgumentException refusal(long position, long length, long now) {
        String why;
        if (position < 0) {
            why = "position " + position + " is negative";
        } else if (length < 0) {
            why = "length " + length + " is negative";
        } else if ((position & blockSize - 1) != 0) {
            why = "position " + position + " is not a multiple of the block size " + blockSize;
        } else if ((length & blockSize - 1) != 0) {
            why = "length " + length + " is not a multiple of the block size " + blockSize;
        } else {
            why = "position " + position + " + length " + length + " is beyond the capacity " + now;
        }
        return new IllegalArgumentException(why);
    }
}
