// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

/**
 * Byte offsets of struct vfio_iommu_type1_dma_map (linux/vfio.h).
 *
 * <pre>
 *   0  u32 argsz
 *   4  u32 flags
 *   8  u64 address in this process
 *  16  u64 address for the device
 *  24  u64 size in bytes
 *  32
 * </pre>
 */
final class DmaMapLayout {
    static final int FLAGS = 4;
    static final int VADDR = 8;
    static final int IOVA = 16;
    static final int LENGTH = 24;
    /** Bytes in the structure. */
    static final int SIZE = 32;

    /** The device may read. */
    static final int FLAG_READ = 1;
    /** The device may write. */
    static final int FLAG_WRITE = 1 << 1;

    private DmaMapLayout() {
    }
}
