// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

/**
 * Byte offsets of the section "Memory regions description"; {@link MemoryRegionLayout} has those of a region.
 *
 * <pre>
 *  0  u32 num regions, at most 8
 *  4  u32 padding
 *  8  region 0
 * 40  region 1, and so on
 * </pre>
 */
public final class MemoryTableLayout {
    /** u32. */
    public static final int NUM_REGIONS = 0;
    /** The first region. */
    public static final int REGIONS = 8;
    /** The most regions in a table. */
    public static final int MAX_REGIONS = 8;

    private MemoryTableLayout() {
    }

    /** The offset of a region, from 0. */
    public static int region(int index) {
        return REGIONS + MemoryRegionLayout.SIZE * index;
    }

    /** Bytes in a table of so many regions. */
    public static int size(int regions) {
        return region(regions);
    }
}
