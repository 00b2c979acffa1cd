// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

/**
 * Byte offsets of struct vfio_iommu_type1_dma_unmap (linux/vfio.h).
 *
 * <pre>
 *   0  u32 argsz
 *   4  u32 flags
 *   8  u64 address for the device
 *  16  u64 size in bytes; the kernel stores how much was mapped
 *  24
 * </pre>
 */
final class DmaUnmapLayout {
    static final int IOVA = 8;
    static final int LENGTH = 16;
    /** Bytes in the structure. */
    static final int SIZE = 24;

    private DmaUnmapLayout() {
    }
}
