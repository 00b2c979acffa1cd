// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.virtio.pci.access.PciAddress;

/**
 * The addresses of one function behind the IOMMU: tables of three levels (its specification, 9.8). Each mapping begins at a
 * table of the lowest level, which it has for itself. Addresses are not used again, and those of other functions are others.
 */
final class IommuSpace implements AddressSpace {
    /** Where the first function finds its first mapping: far from where the machine has anything. */
    private static final long START = 0x40_0000_0000L;
    /** What each has, of half of what three levels can map. */
    private static final long BYTES = 8L << 30;
    private static final int SPACES = 32;
    /** What one table of the lowest level maps. */
    private static final long TABLE_BYTES = 2 << 20;
    private static final int ENTRIES = 512;
    private static final int PAGE_SHIFT = 12;
    private static final int LEVEL_BITS = 9;
    /** Read and write. */
    private static final int ALLOWED = 3;

    private final Iommu iommu;
    private final PciAddress function;
    private final Pages pages;
    private final Window addresses;
    private final long tables;
    private final List<Long> middle = new ArrayList<>();
    /** The tables of the lowest level, by the mapping's address. */
    private final Map<Long, List<Long>> lowest = new HashMap<>();

    /**
     * Called, as everything here, under the lock of the IOMMU, to which the pages belong.
     *
     * @param number of spaces that were made before
     */
    IommuSpace(Iommu iommu, PciAddress function, Pages pages, int number) {
        this.iommu = iommu;
        this.function = function;
        this.pages = pages;
        this.tables = pages.take();
        long first = START + number % SPACES * BYTES;
        this.addresses = new Window("bytes of a function's addresses", first, first + BYTES);
    }

    long tables() {
        return tables;
    }

    @Override
    public long map(long address, long size) {
        synchronized (iommu) {
            long first = addresses.reserve(size, TABLE_BYTES);
            List<Long> taken = new ArrayList<>();
            for (long done = 0; done < size; done += TABLE_BYTES) {
                long table = pages.take();
                taken.add(table);
                long count = Math.min(ENTRIES, (size - done) / Pages.SIZE);
                for (int i = 0; i < count; i++) {
                    pages.put(table, i, address + done + ((long) i << PAGE_SHIFT) | ALLOWED);
                }
                pages.put(middleTable(first + done), index(first + done, 1), table | ALLOWED);
            }
            lowest.put(first, taken);
            return first;
        }
    }

    private long middleTable(long address) {
        int index = index(address, 2);
        long table = pages.get(tables, index) & -Pages.SIZE;
        if (table == 0) {
            table = pages.take();
            middle.add(table);
            pages.put(tables, index, table | ALLOWED);
        }
        return table;
    }

    private static int index(long address, int level) {
        return (int) (address >>> PAGE_SHIFT + level * LEVEL_BITS) & ENTRIES - 1;
    }

    @Override
    public void unmap(long deviceAddress) throws IOException {
        synchronized (iommu) {
            List<Long> taken = lowest.remove(deviceAddress);
            for (int i = 0; i < taken.size(); i++) {
                long address = deviceAddress + i * TABLE_BYTES;
                pages.put(middleTable(address), index(address, 1), 0);
            }
            iommu.forget();
            taken.forEach(pages::giveBack);
        }
    }

    @Override
    public void close() throws IOException {
        synchronized (iommu) {
            iommu.remove(function, this);
            lowest.values().forEach(taken -> taken.forEach(pages::giveBack));
            lowest.clear();
            middle.forEach(pages::giveBack);
            pages.giveBack(tables);
        }
    }
}
