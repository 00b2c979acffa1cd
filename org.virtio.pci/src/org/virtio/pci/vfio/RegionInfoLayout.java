// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

/**
 * Byte offsets of struct vfio_region_info (linux/vfio.h).
 *
 * <pre>
 *   0  u32 argsz
 *   4  u32 flags
 *   8  u32 index
 *  12  u32 offset of the first capability
 *  16  u64 size in bytes
 *  24  u64 where the region starts in the device file
 *  32
 * </pre>
 */
final class RegionInfoLayout {
    static final int FLAGS = 4;
    static final int INDEX = 8;
    static final int REGION_SIZE = 16;
    static final int OFFSET = 24;
    /** Bytes in the structure. */
    static final int SIZE = 32;

    /** The region can be mapped, or parts of it. */
    static final int FLAG_MMAP = 1 << 2;

    private RegionInfoLayout() {
    }
}
