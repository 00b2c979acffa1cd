// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

import org.virtio.target.disk.Disk;

/** What the queues of one block device share. Thread-safe. */
public final class BlockDevice {
    /** The most segments in one discard or write zeroes request. */
    public static final int MAX_SEGMENTS = 32;
    /** The most sectors in one segment of a discard or write zeroes request: 1 GiB, so that none takes for ever. */
    public static final int MAX_SEGMENT_SECTORS = 1 << 21;

    private final Disk disk;
    private final int blockSize;
    private final boolean readOnly;
    private final byte[] id;
    private volatile boolean writethrough;

    /**
     * A device.
     *
     * @param blockSize bytes
     * @param id        as get id returns it: as many bytes as that has, filled with zeros
     */
    public BlockDevice(Disk disk, int blockSize, boolean readOnly, byte[] id) {
        this.disk = disk;
        this.blockSize = blockSize;
        this.readOnly = readOnly;
        this.id = id.clone();
    }

    /** Where the data are. */
    public Disk disk() {
        return disk;
    }

    /** Bytes of which every position and length is a multiple. */
    public int blockSize() {
        return blockSize;
    }

    /** Whether everything that changes the disk is refused. */
    public boolean readOnly() {
        return readOnly;
    }

    /** Whether a write is durable when it is completed. */
    public boolean writethrough() {
        return writethrough;
    }

    /** Chooses the cache mode for writes that come from now on. */
    public void setWritethrough(boolean newWritethrough) {
        writethrough = newWritethrough;
    }

    byte id(int index) {
        return id[index];
    }
}
