// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

/**
 * Byte offsets of struct vfio_device_info (linux/vfio.h), without what later kernels added.
 *
 * <pre>
 *   0  u32 argsz
 *   4  u32 flags
 *   8  u32 number of regions
 *  12  u32 number of interrupt indexes
 *  16
 * </pre>
 */
final class DeviceInfoLayout {
    static final int FLAGS = 4;
    static final int NUM_IRQS = 12;
    /** Bytes in the structure. */
    static final int SIZE = 16;

    /** It is a PCI function. */
    static final int FLAG_PCI = 1 << 1;

    private DeviceInfoLayout() {
    }
}
