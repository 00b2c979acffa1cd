// SPDX-License-Identifier: Apache-2.0
package org.virtio.spec;

/**
 * Byte offsets of the packed virtqueue's three areas (VIRTIO 1.3, section 2.8), for a ring of {@code size} descriptors.
 * Flags and bits that are not here are those of {@link SplitRingLayout}: F_NEXT, F_WRITE and F_INDIRECT.
 *
 * <pre>
 *  descriptor (16 bytes)     driver and device event suppression structure
 *   0  le64 addr              0  le16 off_wrap: bits 0 to 14 offset, bit 15 wrap counter
 *   8  le32 len               2  le16 flags: bits 0 and 1
 *  12  le16 id
 *  14  le16 flags
 * </pre>
 */
public final class PackedRingLayout {
    /** The greatest size that a packed virtqueue can have; a size need not be a power of two. */
    public static final int MAX_SIZE = 32768;

    /** Alignment of the descriptor ring, in bytes. */
    public static final int DESCRIPTOR_ALIGNMENT = 16;
    /** Alignment of an event suppression structure, in bytes. */
    public static final int EVENT_ALIGNMENT = 4;

    /** Bytes in a descriptor. */
    public static final int DESCRIPTOR_SIZE = 16;
    /** le64, a device address. */
    public static final int DESCRIPTOR_ADDR = 0;
    /** le32, in bytes; of a used descriptor, the bytes that the device wrote. */
    public static final int DESCRIPTOR_LEN = 8;
    /** le16, the buffer ID. */
    public static final int DESCRIPTOR_ID = 12;
    /** le16, a combination of the {@code F_} constants. */
    public static final int DESCRIPTOR_FLAGS = 14;

    /** Descriptor flag: equals the driver's wrap counter when the descriptor is made available (section 2.8.1). */
    public static final int F_AVAIL = 1 << 7;
    /** Descriptor flag: equals the device's wrap counter when used, the driver's inverse when available (section 2.8.1). */
    public static final int F_USED = 1 << 15;

    /** Bytes in an event suppression structure. */
    public static final int EVENT_SIZE = 4;
    /** le16, an offset in the ring and a wrap counter. */
    public static final int EVENT_OFF_WRAP = 0;
    /** le16, one of the {@code EVENT_FLAGS_} constants. */
    public static final int EVENT_FLAGS = 2;
    /** Event flags: notify of everything. */
    public static final int EVENT_FLAGS_ENABLE = 0;
    /** Event flags: notify of nothing. */
    public static final int EVENT_FLAGS_DISABLE = 1;
    /** Event flags: notify of the descriptor that off_wrap names; with EVENT_IDX alone. */
    public static final int EVENT_FLAGS_DESC = 2;
    /** The wrap counter in off_wrap, and in what names a place in the ring elsewhere. */
    public static final int WRAP_COUNTER = 1 << 15;

    private PackedRingLayout() {
    }

    /** Bytes in the descriptor ring. */
    public static int descriptorRingSize(int size) {
        return DESCRIPTOR_SIZE * size;
    }

    /**
     * Checks a queue size.
     *
     * @return {@code size}
     * @throws IllegalArgumentException with the size in its message if it is not from 1 to {@link #MAX_SIZE}
     */
    public static int checkSize(int size) {
        if (size < 1 || size > MAX_SIZE) {
            throw new IllegalArgumentException("queue size " + size + " is not from 1 to " + MAX_SIZE);
        }
        return size;
    }
}
