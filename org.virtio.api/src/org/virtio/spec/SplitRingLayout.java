// SPDX-License-Identifier: Apache-2.0
package org.virtio.spec;

/**
 * Byte offsets of the split virtqueue's three areas (VIRTIO 1.3, section 2.7), for a queue of {@code size} entries.
 *
 * <pre>
 *  descriptor (16 bytes)     available ring              used ring
 *   0  le64 addr              0  le16 flags               0  le16 flags
 *   8  le32 len               2  le16 idx                 2  le16 idx
 *  12  le16 flags             4  le16 ring[size]          4  { le32 id; le32 len; } ring[size]
 *  14  le16 next              .  le16 used_event          .  le16 avail_event
 * </pre>
 */
public final class SplitRingLayout {
    /** The greatest size that a split virtqueue can have; sizes are powers of two. */
    public static final int MAX_SIZE = 32768;

    /** Alignment of the descriptor table, in bytes. */
    public static final int DESCRIPTOR_ALIGNMENT = 16;
    /** Alignment of the available ring, in bytes. */
    public static final int AVAILABLE_ALIGNMENT = 2;
    /** Alignment of the used ring, in bytes. */
    public static final int USED_ALIGNMENT = 4;

    /** Bytes in a descriptor. */
    public static final int DESCRIPTOR_SIZE = 16;
    /** le64, a device address. */
    public static final int DESCRIPTOR_ADDR = 0;
    /** le32, in bytes. */
    public static final int DESCRIPTOR_LEN = 8;
    /** le16, a combination of the {@code F_} constants. */
    public static final int DESCRIPTOR_FLAGS = 12;
    /** le16, the index of the next descriptor if {@link #F_NEXT} is set. */
    public static final int DESCRIPTOR_NEXT = 14;

    /** Descriptor flag: the chain goes on at {@code next}. */
    public static final int F_NEXT = 1;
    /** Descriptor flag: the buffer is device-writable; otherwise it is device-readable. */
    public static final int F_WRITE = 2;
    /** Descriptor flag: the buffer holds a table of descriptors. */
    public static final int F_INDIRECT = 4;

    /** le16, of the available ring. */
    public static final int AVAILABLE_FLAGS = 0;
    /** le16, of the available ring: counts up without bound and wraps at 65536. */
    public static final int AVAILABLE_IDX = 2;
    /** The first le16 entry of the available ring. */
    public static final int AVAILABLE_RING = 4;
    /** Bytes in an entry of the available ring. */
    public static final int AVAILABLE_ENTRY_SIZE = 2;
    /** Available ring flag: the driver wants no used buffer notifications; unused with EVENT_IDX. */
    public static final int AVAILABLE_F_NO_INTERRUPT = 1;

    /** le16, of the used ring. */
    public static final int USED_FLAGS = 0;
    /** le16, of the used ring: counts up without bound and wraps at 65536. */
    public static final int USED_IDX = 2;
    /** The first element of the used ring. */
    public static final int USED_RING = 4;
    /** Bytes in an element of the used ring. */
    public static final int USED_ELEMENT_SIZE = 8;
    /** le32, the head of the used chain, within an element of the used ring. */
    public static final int USED_ELEMENT_ID = 0;
    /** le32, the bytes that the device wrote, within an element of the used ring. */
    public static final int USED_ELEMENT_LEN = 4;
    /** Used ring flag: the device wants no available buffer notifications; unused with EVENT_IDX. */
    public static final int USED_F_NO_NOTIFY = 1;

    private SplitRingLayout() {
    }

    /** Bytes in the descriptor table. */
    public static int descriptorTableSize(int size) {
        return DESCRIPTOR_SIZE * size;
    }

    /** The offset of {@code used_event} in the available ring. */
    public static int usedEvent(int size) {
        return AVAILABLE_RING + AVAILABLE_ENTRY_SIZE * size;
    }

    /** Bytes in the available ring, with {@code used_event}. */
    public static int availableRingSize(int size) {
        return usedEvent(size) + 2;
    }

    /** The offset of {@code avail_event} in the used ring. */
    public static int availEvent(int size) {
        return USED_RING + USED_ELEMENT_SIZE * size;
    }

    /** Bytes in the used ring, with {@code avail_event}. */
    public static int usedRingSize(int size) {
        return availEvent(size) + 2;
    }

    /**
     * Checks a queue size.
     *
     * @return {@code size}
     * @throws IllegalArgumentException with the size in its message if it is not a power of two from 1 to {@link #MAX_SIZE}
     */
    public static int checkSize(int size) {
        if (size < 1 || size > MAX_SIZE || Integer.bitCount(size) != 1) {
            throw new IllegalArgumentException(
                "queue size " + size + " is not a power of two from 1 to " + MAX_SIZE);
        }
        return size;
    }
}
