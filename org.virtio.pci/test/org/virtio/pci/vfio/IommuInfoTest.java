// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class IommuInfoTest {
    private static final int CAP_DMA_AVAIL = 3;

    private static ByteBuffer info(int size) {
        return VfioRequest.structure(size).putInt(IommuInfoLayout.FLAGS, IommuInfoLayout.FLAG_CAPS)
            .putInt(IommuInfoLayout.CAP_OFFSET, IommuInfoLayout.SIZE);
    }

    private static void capability(ByteBuffer info, int at, int id, int next) {
        info.putShort(at + IovaRangesLayout.ID, (short) id).putInt(at + IovaRangesLayout.NEXT, next);
    }

    @Test
    void findsTheRangesBehindAnotherCapability() {
        ByteBuffer info = info(100);
        capability(info, 24, CAP_DMA_AVAIL, 40);
        capability(info, 40, IovaRangesLayout.CAP_IOVA_RANGE, 0);
        info.putInt(40 + IovaRangesLayout.COUNT, 2);
        info.putLong(56, 0).putLong(64, 0xfedf_ffffL).putLong(72, 0xfef0_0000L).putLong(80, -1);
        assertThat(IommuInfo.ranges(info)).containsExactly(new IovaRange(0, 0xfedf_ffffL), new IovaRange(0xfef0_0000L, -1));
    }

    @Test
    void supposesRangesWhereNoneAreTold() {
        assertThat(IommuInfo.ranges(VfioRequest.structure(IommuInfoLayout.SIZE))).isEqualTo(IovaSpace.DEFAULT_RANGES);
        ByteBuffer other = info(40);
        capability(other, 24, CAP_DMA_AVAIL, 0);
        assertThat(IommuInfo.ranges(other)).isEqualTo(IovaSpace.DEFAULT_RANGES);
    }

    @Test
    void believesThatThereIsNone() {
        ByteBuffer info = info(40);
        capability(info, 24, IovaRangesLayout.CAP_IOVA_RANGE, 0);
        assertThat(IommuInfo.ranges(info)).isEqualTo(List.of());
    }
}
