// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

/**
 * Byte offsets of struct vfio_iommu_type1_info_cap_iova_range (linux/vfio.h), a capability.
 *
 * <pre>
 *   0  u16 identifier of the capability
 *   2  u16 its version
 *   4  u32 offset of the next one in the whole, or 0
 *   8  u32 number of ranges
 *  12  u32 reserved
 *  16  the ranges: u64 first and u64 last address of each
 * </pre>
 */
final class IovaRangesLayout {
    static final int ID = 0;
    static final int NEXT = 4;
    static final int COUNT = 8;
    /** From the start of a range. */
    static final int RANGE_LAST = 8;
    /** Bytes in a range. */
    static final int RANGE_SIZE = 16;
    /** Bytes in the structure, without the ranges. */
    static final int SIZE = 16;

    /** The identifier. */
    static final int CAP_IOVA_RANGE = 1;

    private IovaRangesLayout() {
    }
}
