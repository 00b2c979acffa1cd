// SPDX-License-Identifier: Apache-2.0
package org.virtio.spec;

/**
 * {@code struct virtio_blk_req} and {@code struct virtio_blk_discard_write_zeroes} (VIRTIO 1.3, section 5.2.6).
 *
 * <pre>
 *  request header, device-readable       discard and write zeroes segment, device-readable
 *   0  le32 type                          0  le64 sector
 *   4  le32 reserved                      8  le32 num_sectors
 *   8  le64 sector                       12  le32 flags (bit 0: unmap)
 *  then data[], then  u8 status, device-writable
 * </pre>
 */
public final class BlkRequestLayout {
    /** le32, one of the {@code T_} constants. */
    public static final int TYPE = 0;
    /** le32, 0. */
    public static final int RESERVED = 4;
    /** le64, in sectors of 512 bytes; 0 for requests that have no position. */
    public static final int SECTOR = 8;
    /** Bytes in the request header. */
    public static final int HEADER_SIZE = 16;
    /** Bytes in the status that ends a request. */
    public static final int STATUS_SIZE = 1;

    /** le64, the first sector of a discard or write zeroes segment. */
    public static final int SEGMENT_SECTOR = 0;
    /** le32, the sectors in a discard or write zeroes segment. */
    public static final int SEGMENT_NUM_SECTORS = 8;
    /** le32, the flags of a discard or write zeroes segment. */
    public static final int SEGMENT_FLAGS = 12;
    /** Bytes in a discard or write zeroes segment. */
    public static final int SEGMENT_SIZE = 16;
    /** Flag of a write zeroes segment: the device may deallocate. Must be 0 for discard. */
    public static final int SEGMENT_FLAG_UNMAP = 1;

    /** Read. */
    public static final int T_IN = 0;
    /** Write. */
    public static final int T_OUT = 1;
    /** Flush. */
    public static final int T_FLUSH = 4;
    /** Get the device's ID string of {@link #ID_SIZE} bytes. */
    public static final int T_GET_ID = 8;
    /** Discard. */
    public static final int T_DISCARD = 11;
    /** Write zeroes. */
    public static final int T_WRITE_ZEROES = 13;

    /** Success. */
    public static final int S_OK = 0;
    /** Device or driver error. */
    public static final int S_IOERR = 1;
    /** The device does not support the request. */
    public static final int S_UNSUPP = 2;

    /** Bytes that get id returns; the string ends at the first 0 byte or fills them all. */
    public static final int ID_SIZE = 20;

    private BlkRequestLayout() {
    }
}
