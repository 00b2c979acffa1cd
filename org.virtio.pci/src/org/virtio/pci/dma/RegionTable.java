// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.dma;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.virtio.memory.MemoryRegion;

/** Regions and the addresses by which a function knows them. Thread-safe. */
public final class RegionTable {
    private final Map<MemoryRegion, Long> addresses = new IdentityHashMap<>();

    /** Enters a region. */
    public synchronized void put(MemoryRegion region, long address) {
        addresses.put(region, address);
    }

    /** The address of a region, or null if it is not here. */
    public synchronized Long get(MemoryRegion region) {
        return addresses.get(region);
    }

    /** Strikes a region out. */
    public synchronized void remove(MemoryRegion region) {
        addresses.remove(region);
    }

    /** The regions that are here now. */
    public synchronized List<MemoryRegion> regions() {
        return List.copyOf(addresses.keySet());
    }

    /** The regions, by address, for people. */
    public synchronized List<String> toStrings() {
        List<String> strings = new ArrayList<>();
        addresses.entrySet().stream().sorted(Map.Entry.comparingByValue()).forEach(entry ->
            strings.add(entry.getKey().size() + " bytes at 0x" + Long.toHexString(entry.getValue())));
        return strings;
    }
}
