// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The memory that a driver shares: a table of regions that do not overlap. Immutable and thread-safe; it does not own the
 * regions.
 */
public final class DriverMemory {
    /** Regions that a table can have. */
    public static final int MAX_REGIONS = 32;
    /** No memory. */
    public static final DriverMemory NONE = new DriverMemory(List.of());

    private final MemoryRegion[] regions;

    private DriverMemory(List<MemoryRegion> regions) {
        this.regions = regions.toArray(MemoryRegion[]::new);
    }

    /** The regions, in the order in which they came. */
    public List<MemoryRegion> regions() {
        return List.of(regions);
    }

    /**
     * This table with one more region.
     *
     * @throws IOException if it overlaps one that is there, or the table is full
     */
    public DriverMemory with(MemoryRegion region) throws IOException {
        if (regions.length == MAX_REGIONS) {
            throw new IOException("no room for " + region + ": " + MAX_REGIONS + " regions are in use");
        }
        for (MemoryRegion other : regions) {
            if (region.overlaps(other)) {
                throw new IOException("memory region " + region + " overlaps " + other);
            }
        }
        List<MemoryRegion> result = new ArrayList<>(regions());
        result.add(region);
        return new DriverMemory(result);
    }

    /** This table without a region. */
    public DriverMemory without(MemoryRegion region) {
        List<MemoryRegion> result = new ArrayList<>(regions());
        result.remove(region);
        return new DriverMemory(result);
    }

    /** The region that a guest address is in; null if it is in none. */
    MemoryRegion find(long guestAddress) {
        for (MemoryRegion region : regions) {
            if (region.guestOffset(guestAddress) >= 0) {
                return region;
            }
        }
        return null;
    }

    /**
     * The bytes at a user address, all in one region.
     *
     * @param what      for the message
     * @param length    bytes, up to 1 GiB
     * @param alignment of the address, a power of two
     * @throws QueueException if they are not
     */
    ByteBuffer user(String what, long address, int length, int alignment) throws QueueException {
        if ((address & alignment - 1) != 0) {
            throw new QueueException(String.format("%s at user address 0x%x is not aligned to %d", what, address, alignment));
        }
        for (MemoryRegion region : regions) {
            long offset = region.userOffset(address);
            if (offset >= 0 && length <= region.after(offset)) {
                return region.window(offset).slice(region.windowOffset(offset), length).order(ByteOrder.LITTLE_ENDIAN);
            }
        }
        throw new QueueException(
            String.format("%s of %d bytes at user address 0x%x is not in the shared memory", what, length, address));
    }
}
