// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.Ioctl;

/** What a container's IOMMU tells of itself: VFIO_IOMMU_GET_INFO. */
final class IommuInfo {
    private IommuInfo() {
    }

    /** The addresses that it translates; {@link IovaSpace#DEFAULT_RANGES} if it does not tell. */
    static List<IovaRange> ranges(FileDescriptor container) throws IOException {
        ByteBuffer info = get(container, IommuInfoLayout.SIZE);
        int needed = info.getInt(IommuInfoLayout.ARGSZ);
        return ranges(needed > info.capacity() ? get(container, needed) : info);
    }

    private static ByteBuffer get(FileDescriptor container, int size) throws IOException {
        ByteBuffer info = VfioRequest.structure(size);
        Ioctl.ioctl(container, VfioRequest.IOMMU_GET_INFO, info);
        return info;
    }

    static List<IovaRange> ranges(ByteBuffer info) {
        if ((info.getInt(IommuInfoLayout.FLAGS) & IommuInfoLayout.FLAG_CAPS) == 0) {
            return IovaSpace.DEFAULT_RANGES;
        }
        int capability = info.getInt(IommuInfoLayout.CAP_OFFSET);
        while (capability != 0) {
            if (info.getShort(capability + IovaRangesLayout.ID) == IovaRangesLayout.CAP_IOVA_RANGE) {
                return ranges(info, capability);
            }
            capability = info.getInt(capability + IovaRangesLayout.NEXT);
        }
        return IovaSpace.DEFAULT_RANGES;
    }

    private static List<IovaRange> ranges(ByteBuffer info, int capability) {
        List<IovaRange> ranges = new ArrayList<>();
        int count = info.getInt(capability + IovaRangesLayout.COUNT);
        for (int i = 0; i < count; i++) {
            int range = capability + IovaRangesLayout.SIZE + i * IovaRangesLayout.RANGE_SIZE;
            ranges.add(new IovaRange(info.getLong(range), info.getLong(range + IovaRangesLayout.RANGE_LAST)));
        }
        return ranges;
    }
}
