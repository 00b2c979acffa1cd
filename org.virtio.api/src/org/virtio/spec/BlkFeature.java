// SPDX-License-Identifier: Apache-2.0
package org.virtio.spec;

/** Feature bits of the block device (VIRTIO 1.3, section 5.2.3). */
public final class BlkFeature {
    /** {@code size_max} limits the size of a segment. */
    public static final int SIZE_MAX = 1;
    /** {@code seg_max} limits the number of segments in a request. */
    public static final int SEG_MAX = 2;
    /** {@code geometry} is valid. */
    public static final int GEOMETRY = 4;
    /** The device is read-only. */
    public static final int RO = 5;
    /** {@code blk_size} is valid. */
    public static final int BLK_SIZE = 6;
    /** The flush command. */
    public static final int FLUSH = 9;
    /** {@code topology} is valid. */
    public static final int TOPOLOGY = 10;
    /** The cache mode can be read and changed through {@code writeback}. */
    public static final int CONFIG_WCE = 11;
    /** More than one queue; {@code num_queues} is valid. */
    public static final int MQ = 12;
    /** The discard command. */
    public static final int DISCARD = 13;
    /** The write zeroes command. */
    public static final int WRITE_ZEROES = 14;
    /** The device reports the lifetime of its storage. */
    public static final int LIFETIME = 15;
    /** The secure erase command. */
    public static final int SECURE_ERASE = 16;
    /** A zoned device. */
    public static final int ZONED = 17;

    private BlkFeature() {
    }

    static String name(int bit) {
        return switch (bit) {
            case SIZE_MAX -> "BLK_SIZE_MAX";
            case SEG_MAX -> "BLK_SEG_MAX";
            case GEOMETRY -> "BLK_GEOMETRY";
            case RO -> "BLK_RO";
            case BLK_SIZE -> "BLK_BLK_SIZE";
            case FLUSH -> "BLK_FLUSH";
            case TOPOLOGY -> "BLK_TOPOLOGY";
            case CONFIG_WCE -> "BLK_CONFIG_WCE";
            case MQ -> "BLK_MQ";
            case DISCARD -> "BLK_DISCARD";
            case WRITE_ZEROES -> "BLK_WRITE_ZEROES";
            case LIFETIME -> "BLK_LIFETIME";
            case SECURE_ERASE -> "BLK_SECURE_ERASE";
            case ZONED -> "BLK_ZONED";
            default -> null;
        };
    }
}
