// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.dma;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.memory.MemoryRegion;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.Posix;
import org.virtio.posix.PosixException;
import org.virtio.transport.RegionLimits;

/**
 * Memory for functions without an IOMMU, which are told physical addresses. Those do not change for huge pages alone: the
 * kernel neither swaps nor moves them while they are mapped. So each region has to lie within one huge page. Nothing keeps
 * the function from other memory.
 */
public final class PhysicalMemory implements DeviceMemory {
    private static final Logger LOG = LoggerFactory.getLogger(PhysicalMemory.class);
    private static final Path PAGE_MAP = Path.of("/proc/self/pagemap");
    private static final VarHandle INT = MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private final RegionTable regions = new RegionTable();
    private final Path pageMap;

    /** Memory of this process. */
    public PhysicalMemory() {
        this(PAGE_MAP);
    }

    PhysicalMemory(Path pageMap) {
        this.pageMap = pageMap;
    }

    @Override
    public long map(MemoryRegion region) throws IOException {
        Long known = regions.get(region);
        if (known != null) {
            return known;
        }
        checkHuge(region);
        long address = locate(region);
        regions.put(region, address);
        return address;
    }

    private static void checkHuge(MemoryRegion region) throws IOException {
        long page = Posix.pageSize(region.fd());
        if (page <= Posix.pageSize()) {
            throw new IOException("a device without an IOMMU needs memory in huge pages; this has pages of " + page + " bytes");
        }
        if (region.fileOffset() % page + region.size() > page) {
            throw new IOException("a device without an IOMMU needs each memory region within one huge page of " + page
                + " bytes; this has " + region.size() + " bytes, from byte " + region.fileOffset() % page + " of a page on");
        }
    }

    /** Where a region is, whatever its pages are. */
    long locate(MemoryRegion region) throws IOException {
        touch(region.buffer());
        try (PageMap pages = new PageMap(pageMap)) {
            return pages.physical(region.address(), region.size());
        }
    }

    /** A page has no place before its first use. Reads are volatile, or the compiler would drop them. */
    private static void touch(ByteBuffer buffer) {
        for (long offset = 0; offset < buffer.capacity(); offset += Posix.pageSize()) {
            INT.getVolatile(buffer, (int) offset);
        }
    }

    @Override
    public void unmap(MemoryRegion region) {
        regions.remove(region);
    }

    /**
     * Keeps the pages of all regions from ever being given back to the kernel: a function that could not be cut off may still
     * write to them.
     */
    public void keep() {
        for (MemoryRegion region : regions.regions()) {
            try {
                FileDescriptor.duplicate(region.fd());
            } catch (PosixException e) {
                LOG.error("{} bytes of memory that a device may still write to could not be kept", region.size(), e);
            }
        }
    }

    @Override
    public boolean isTranslated() {
        return false;
    }

    @Override
    public RegionLimits limits() {
        // Where the kernel has no huge pages, it says so when such memory is made.
        long page = Math.max(Posix.hugePageSize(), Posix.pageSize());
        return new RegionLimits((int) Math.min(page, Integer.MAX_VALUE), true);
    }

    @Override
    public List<String> toStrings() {
        return regions.toStrings();
    }

    @Override
    public void close() {
        regions.regions().forEach(regions::remove);
    }
}
