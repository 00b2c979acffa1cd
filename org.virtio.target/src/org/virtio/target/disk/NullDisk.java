// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.disk;

import java.nio.ByteBuffer;

/** A disk that moves no byte, so that measurements show what everything else costs. */
public final class NullDisk implements Disk {
    private volatile long size;

    /** A disk of that many bytes. */
    public NullDisk(long size) {
        this.size = size;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public void read(long position, ByteBuffer target, int index, int length) {
        // The driver's buffer stays as it is.
    }

    @Override
    public void write(long position, ByteBuffer source, int index, int length) {
        // Goes nowhere.
    }

    @Override
    public void writeZeroes(long position, long length) {
        // Nothing is kept that could be zeroed.
    }

    @Override
    public void discard(long position, long length) {
        // Nothing is kept that could be discarded.
    }

    @Override
    public void flush() {
        // Nothing is kept that could be flushed.
    }

    @Override
    public void grow(long newSize) {
        size = newSize;
    }

    @Override
    public void close() {
        // Nothing is held.
    }
}
