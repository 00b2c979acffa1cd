// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What a C compiler makes of linux/vfio.h, on x86-64. */
class LayoutTest {
    @Test
    void requestsHaveTheirNumbers() {
        assertThat(VfioRequest.GET_API_VERSION).isEqualTo(0x3b64);
        assertThat(VfioRequest.CHECK_EXTENSION).isEqualTo(0x3b65);
        assertThat(VfioRequest.SET_IOMMU).isEqualTo(0x3b66);
        assertThat(VfioRequest.GROUP_GET_STATUS).isEqualTo(0x3b67);
        assertThat(VfioRequest.GROUP_SET_CONTAINER).isEqualTo(0x3b68);
        assertThat(VfioRequest.GROUP_GET_DEVICE_FD).isEqualTo(0x3b6a);
        assertThat(VfioRequest.DEVICE_GET_INFO).isEqualTo(0x3b6b);
        assertThat(VfioRequest.DEVICE_GET_REGION_INFO).isEqualTo(0x3b6c);
        assertThat(VfioRequest.DEVICE_GET_IRQ_INFO).isEqualTo(0x3b6d);
        assertThat(VfioRequest.DEVICE_SET_IRQS).isEqualTo(0x3b6e);
        assertThat(VfioRequest.IOMMU_GET_INFO).isEqualTo(0x3b70);
        assertThat(VfioRequest.IOMMU_MAP_DMA).isEqualTo(0x3b71);
        assertThat(VfioRequest.IOMMU_UNMAP_DMA).isEqualTo(0x3b72);
    }

    @Test
    void structuresHaveTheirSizes() {
        assertThat(GroupStatusLayout.SIZE).isEqualTo(8).isEqualTo(GroupStatusLayout.FLAGS + 4);
        assertThat(DeviceInfoLayout.SIZE).isEqualTo(16).isEqualTo(DeviceInfoLayout.NUM_IRQS + 4);
        assertThat(RegionInfoLayout.SIZE).isEqualTo(32).isEqualTo(RegionInfoLayout.OFFSET + 8);
        assertThat(IrqInfoLayout.SIZE).isEqualTo(16).isEqualTo(IrqInfoLayout.COUNT + 4);
        assertThat(IrqSetLayout.SIZE).isEqualTo(20).isEqualTo(IrqSetLayout.COUNT + 4);
        assertThat(IommuInfoLayout.SIZE).isEqualTo(24).isEqualTo(IommuInfoLayout.CAP_OFFSET + 4 + 4);
        assertThat(IovaRangesLayout.SIZE).isEqualTo(16).isEqualTo(IovaRangesLayout.COUNT + 4 + 4);
        assertThat(IovaRangesLayout.RANGE_SIZE).isEqualTo(16).isEqualTo(IovaRangesLayout.RANGE_LAST + 8);
        assertThat(DmaMapLayout.SIZE).isEqualTo(32).isEqualTo(DmaMapLayout.LENGTH + 8);
        assertThat(DmaUnmapLayout.SIZE).isEqualTo(24).isEqualTo(DmaUnmapLayout.LENGTH + 8);
    }

    @Test
    void fieldsFollowOneAnother() {
        assertThat(RegionInfoLayout.INDEX).isEqualTo(RegionInfoLayout.FLAGS + 4);
        assertThat(RegionInfoLayout.OFFSET).isEqualTo(RegionInfoLayout.REGION_SIZE + 8);
        assertThat(IrqInfoLayout.COUNT).isEqualTo(IrqInfoLayout.INDEX + 4);
        assertThat(IrqSetLayout.INDEX).isEqualTo(IrqSetLayout.FLAGS + 4);
        assertThat(DmaMapLayout.VADDR).isEqualTo(DmaMapLayout.FLAGS + 4);
        assertThat(DmaMapLayout.IOVA).isEqualTo(DmaMapLayout.VADDR + 8);
        assertThat(DmaMapLayout.LENGTH).isEqualTo(DmaMapLayout.IOVA + 8);
        assertThat(DmaUnmapLayout.LENGTH).isEqualTo(DmaUnmapLayout.IOVA + 8);
    }

    @Test
    void aStructureBeginsWithItsSize() {
        assertThat(VfioRequest.structure(12).getInt(0)).isEqualTo(12);
        assertThat(VfioRequest.structure(12).getLong(4)).isZero();
        assertThat(VfioRequest.structure(12).isDirect()).isTrue();
    }
}
