// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

/**
 * Byte offsets of a region (section "Memory regions description"), and of the payload that holds one region alone
 * (section "Single memory region description").
 *
 * <pre>
 *  a region                   a single region
 *   0  u64 guest address       0  u64 padding
 *   8  u64 size                8  region
 *  16  u64 user address       40
 *  24  u64 mmap offset
 *  32
 * </pre>
 */
public final class MemoryRegionLayout {
    /** u64. */
    public static final int GUEST_ADDRESS = 0;
    /** u64, in bytes. */
    public static final int REGION_SIZE = 8;
    /** u64, an address of the front end's process. */
    public static final int USER_ADDRESS = 16;
    /** u64, in bytes: where the region starts in the file. */
    public static final int MMAP_OFFSET = 24;
    /** Bytes in a region. */
    public static final int SIZE = 32;

    /** Where the region starts in the payload that holds one alone. */
    public static final int SINGLE_REGION = 8;
    /** Bytes in the payload that holds one region alone. */
    public static final int SINGLE_SIZE = SINGLE_REGION + SIZE;

    private MemoryRegionLayout() {
    }
}
