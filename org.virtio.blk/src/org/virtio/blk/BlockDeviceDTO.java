// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk;

import org.osgi.dto.DTO;

/** A snapshot of a block device. */
public class BlockDeviceDTO extends DTO {
    /** The name it was attached under. */
    public String name;
    /** Its ID string; null if it did not give one. */
    public String id;
    /** Bytes. */
    public long capacity;
    /** Bytes in a block. */
    public int blockSize;
    /** Whether it refuses writes. */
    public boolean readOnly;
    /** Whether writes are durable only after a flush. */
    public boolean writeback;
    /** Queues in use. */
    public int queues;
    /** Bytes in a segment of a request. */
    public int maxSegmentSize;
    /** Data segments in a request. */
    public int maxSegments;
    /** Bytes in a discard; 0 if there is none. */
    public long maxDiscardBytes;
    /** Bytes in a write zeroes; 0 if there is none. */
    public long maxWriteZeroesBytes;
    /** Bytes in a physical block. */
    public long physicalBlockSize;
    /** Bytes of the suggested greatest I/O; 0 if unknown. */
    public long optIoSize;
}
