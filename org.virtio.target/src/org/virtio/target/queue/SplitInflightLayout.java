// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

/**
 * Byte offsets of {@code QueueRegionSplit} and its {@code DescStateSplit}: QEMU's {@code docs/interop/vhost-user.rst}, section
 * "Inflight I/O tracking", in native byte order. Each queue has such a part in the memory, and the parts follow each other.
 *
 * <pre>
 *  part                          entry (16 bytes)
 *   0  u64 features               0  u8  inflight
 *   8  u16 version                1  padding
 *  10  u16 desc_num               6  u16 next
 *  12  u16 last_batch_head        8  u64 counter
 *  14  u16 used_idx
 *  16  entry[desc_num]
 * </pre>
 */
public final class SplitInflightLayout {
    /** u64; 0. */
    public static final int FEATURES = 0;
    /** u16; 0 of a part that means nothing yet, else {@link #VERSION_1}. */
    public static final int VERSION = 8;
    /** u16, the number of entries. */
    public static final int DESC_NUM = 10;
    /** u16, the head that was completed last. */
    public static final int LAST_BATCH_HEAD = 12;
    /** u16, the used ring's index when all that it tells of was cleared here. */
    public static final int USED_IDX = 14;
    /** The first entry. */
    public static final int ENTRIES = 16;

    /** Bytes in an entry, which belongs to the descriptor of the same index. */
    public static final int ENTRY_SIZE = 16;
    /** u8; 1 if the chain that starts at the descriptor is in flight, else 0. */
    public static final int ENTRY_INFLIGHT = 0;
    /** u16, the head that was completed before this one. */
    public static final int ENTRY_NEXT = 6;
    /** u64, which orders the chains in flight as they were taken. */
    public static final int ENTRY_COUNTER = 8;

    /** The one version that there is. */
    public static final int VERSION_1 = 1;

    /** Of each part: a cache line. The document leaves it open; with that of other back ends they find the parts too. */
    public static final int ALIGNMENT = 64;

    private SplitInflightLayout() {
    }

    /**
     * How far it is from a part to the next.
     *
     * @param queueSize entries, from 1 to 65535
     * @return bytes
     */
    public static int partSize(int queueSize) {
        return entry(queueSize) + ALIGNMENT - 1 & -ALIGNMENT;
    }

    /** Where the entry of a descriptor is in its part. */
    static int entry(int descriptor) {
        return ENTRIES + descriptor * ENTRY_SIZE;
    }
}
