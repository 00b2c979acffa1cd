// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The requests of VFIO's ioctl(2) interface (linux/vfio.h): _IO(';', 100 + n), which says nothing of the argument. */
final class VfioRequest {
    private static final int BASE = ';' << 8 | 100;

    /** On a container: 0. */
    static final int GET_API_VERSION = BASE;
    /** On a container: whether it knows an IOMMU driver, by number. */
    static final int CHECK_EXTENSION = BASE + 1;
    /** On a container with a group: by which IOMMU driver. */
    static final int SET_IOMMU = BASE + 2;
    /** On a group: {@link GroupStatusLayout}. */
    static final int GROUP_GET_STATUS = BASE + 3;
    /** On a group: a pointer to the descriptor of a container. */
    static final int GROUP_SET_CONTAINER = BASE + 4;
    /** On a group: the name of a function; returns its descriptor. */
    static final int GROUP_GET_DEVICE_FD = BASE + 6;
    /** On a device: {@link DeviceInfoLayout}. */
    static final int DEVICE_GET_INFO = BASE + 7;
    /** On a device: {@link RegionInfoLayout}. */
    static final int DEVICE_GET_REGION_INFO = BASE + 8;
    /** On a device: {@link IrqInfoLayout}. */
    static final int DEVICE_GET_IRQ_INFO = BASE + 9;
    /** On a device: {@link IrqSetLayout}. */
    static final int DEVICE_SET_IRQS = BASE + 10;
    /** On a container: {@link IommuInfoLayout}. */
    static final int IOMMU_GET_INFO = BASE + 12;
    /** On a container: {@link DmaMapLayout}. */
    static final int IOMMU_MAP_DMA = BASE + 13;
    /** On a container: {@link DmaUnmapLayout}. */
    static final int IOMMU_UNMAP_DMA = BASE + 14;

    private VfioRequest() {
    }

    /** Memory for a structure that begins with its own size, as most do; zeros but for that. */
    static ByteBuffer structure(int size) {
        return ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder()).putInt(0, size);
    }
}
