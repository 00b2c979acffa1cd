// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

/**
 * Byte offsets of struct vfio_iommu_type1_info (linux/vfio.h).
 *
 * <pre>
 *   0  u32 argsz; the kernel stores what it would have needed
 *   4  u32 flags
 *   8  u64 bitmap of page sizes
 *  16  u32 offset of the first capability
 *  20  u32 padding
 *  24
 * </pre>
 */
final class IommuInfoLayout {
    static final int ARGSZ = 0;
    static final int FLAGS = 4;
    static final int CAP_OFFSET = 16;
    /** Bytes in the structure. */
    static final int SIZE = 24;

    /** There are capabilities. */
    static final int FLAG_CAPS = 1 << 1;

    private IommuInfoLayout() {
    }
}
