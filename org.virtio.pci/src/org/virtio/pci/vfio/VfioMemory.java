// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

import java.io.IOException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.memory.MemoryRegion;
import org.virtio.pci.dma.DeviceMemory;
import org.virtio.pci.dma.RegionTable;
import org.virtio.transport.RegionLimits;

/** What one function can reach through an IOMMU. The functions of a group reach each other's memory too. */
final class VfioMemory implements DeviceMemory {
    private static final Logger LOG = LoggerFactory.getLogger(VfioMemory.class);

    private final VfioContainer container;
    private final IovaSpace space;
    private final RegionTable regions = new RegionTable();

    VfioMemory(VfioContainer container, IovaSpace space) {
        this.container = container;
        this.space = space;
    }

    @Override
    public long map(MemoryRegion region) throws IOException {
        Long known = regions.get(region);
        if (known != null) {
            return known;
        }
        long iova = space.take(region.size());
        boolean mapped = false;
        try {
            container.mapDma(region.address(), iova, region.size());
            mapped = true;
        } finally {
            if (!mapped) {
                space.giveBack(iova);
            }
        }
        regions.put(region, iova);
        return iova;
    }

    /** If the IOMMU does not let go of the addresses they stay taken. */
    @Override
    public void unmap(MemoryRegion region) throws IOException {
        Long iova = regions.get(region);
        if (iova != null) {
            container.unmapDma(iova, region.size());
            regions.remove(region);
            space.giveBack(iova);
        }
    }

    @Override
    public boolean isTranslated() {
        return true;
    }

    @Override
    public RegionLimits limits() {
        return RegionLimits.NONE;
    }

    @Override
    public List<String> toStrings() {
        return regions.toStrings();
    }

    @Override
    public void close() {
        for (MemoryRegion region : regions.regions()) {
            try {
                unmap(region);
            } catch (IOException e) {
                LOG.error("memory could not be taken away from a device: {} bytes", region.size(), e);
            }
        }
    }
}
