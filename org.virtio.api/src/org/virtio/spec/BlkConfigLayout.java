// SPDX-License-Identifier: Apache-2.0
package org.virtio.spec;

/**
 * Byte offsets of {@code struct virtio_blk_config}, the block device's configuration space (VIRTIO 1.3, section 5.2.4).
 * Sizes in sectors count units of {@link #SECTOR_SIZE} bytes whatever the block size is.
 *
 * <pre>
 *   0  le64 capacity                    36  le32 max_discard_sectors
 *   8  le32 size_max                    40  le32 max_discard_seg
 *  12  le32 seg_max                     44  le32 discard_sector_alignment
 *  16  le16 cylinders, u8 heads, u8 sectors
 *  20  le32 blk_size                    48  le32 max_write_zeroes_sectors
 *  24  u8   physical_block_exp          52  le32 max_write_zeroes_seg
 *  25  u8   alignment_offset            56  u8   write_zeroes_may_unmap, u8 unused1[3]
 *  26  le16 min_io_size                 60  (secure erase, zoned: not used here)
 *  28  le32 opt_io_size
 *  32  u8   writeback, u8 unused0
 *  34  le16 num_queues
 * </pre>
 */
public final class BlkConfigLayout {
    /** Bytes in a sector. */
    public static final int SECTOR_SIZE = 512;

    /** le64, in sectors; always valid. */
    public static final int CAPACITY = 0;
    /** le32, in bytes; with {@link BlkFeature#SIZE_MAX}. Some devices report 0, which means no limit. */
    public static final int SIZE_MAX = 8;
    /** le32; with {@link BlkFeature#SEG_MAX}. */
    public static final int SEG_MAX = 12;
    /** le16; with {@link BlkFeature#GEOMETRY}. */
    public static final int CYLINDERS = 16;
    /** u8; with {@link BlkFeature#GEOMETRY}. */
    public static final int HEADS = 18;
    /** u8; with {@link BlkFeature#GEOMETRY}. */
    public static final int SECTORS = 19;
    /** le32, in bytes; with {@link BlkFeature#BLK_SIZE}. */
    public static final int BLK_SIZE = 20;
    /** u8, log2 of blocks per physical block; with {@link BlkFeature#TOPOLOGY}. */
    public static final int PHYSICAL_BLOCK_EXP = 24;
    /** u8, in blocks; with {@link BlkFeature#TOPOLOGY}. */
    public static final int ALIGNMENT_OFFSET = 25;
    /** le16, in blocks; with {@link BlkFeature#TOPOLOGY}. */
    public static final int MIN_IO_SIZE = 26;
    /** le32, in blocks; with {@link BlkFeature#TOPOLOGY}. */
    public static final int OPT_IO_SIZE = 28;
    /** u8, 0 is writethrough and 1 is writeback; with {@link BlkFeature#CONFIG_WCE}. */
    public static final int WRITEBACK = 32;
    /** le16; with {@link BlkFeature#MQ}. */
    public static final int NUM_QUEUES = 34;
    /** le32, in sectors; with {@link BlkFeature#DISCARD}. */
    public static final int MAX_DISCARD_SECTORS = 36;
    /** le32; with {@link BlkFeature#DISCARD}. */
    public static final int MAX_DISCARD_SEG = 40;
    /** le32, in sectors; with {@link BlkFeature#DISCARD}. */
    public static final int DISCARD_SECTOR_ALIGNMENT = 44;
    /** le32, in sectors; with {@link BlkFeature#WRITE_ZEROES}. */
    public static final int MAX_WRITE_ZEROES_SECTORS = 48;
    /** le32; with {@link BlkFeature#WRITE_ZEROES}. */
    public static final int MAX_WRITE_ZEROES_SEG = 52;
    /** u8, 1 if a write zeroes request may deallocate; with {@link BlkFeature#WRITE_ZEROES}. */
    public static final int WRITE_ZEROES_MAY_UNMAP = 56;
    /** Bytes up to and with the write zeroes fields and their padding: what a driver of this stack reads at the most. */
    public static final int SIZE = 60;

    private BlkConfigLayout() {
    }
}
