// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.dma;

import java.io.IOException;
import java.util.List;
import org.virtio.memory.MemoryRegion;
import org.virtio.transport.RegionLimits;

/** The memory that one function can reach. Used by one thread at a time, apart from {@link #toStrings}. */
public interface DeviceMemory extends AutoCloseable {
    /**
     * Makes a region visible; one that is so already keeps its address.
     *
     * @return the address by which the function knows its first byte
     */
    long map(MemoryRegion region) throws IOException;

    /** Takes a region away; does nothing if it is not there. */
    void unmap(MemoryRegion region) throws IOException;

    /** Whether addresses are an IOMMU's, and not physical ones. */
    boolean isTranslated();

    /** What regions can be made visible. */
    RegionLimits limits();

    /** The regions, for people. Any thread. */
    List<String> toStrings();

    /** Takes all regions away. */
    @Override
    void close();
}
