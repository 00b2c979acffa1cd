// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Gives out addresses by which the functions of an IOMMU group know memory. Each piece begins at a multiple of 2 MiB, so that
 * the IOMMU can use its large pages where the memory does; none begins at 0, which devices take for no address. Thread-safe.
 */
final class IovaSpace {
    /** Also the lowest address. */
    static final long ALIGNMENT = 2L << 20;
    /**
     * What to suppose of an IOMMU that does not tell: 39 bits of address, as the smallest have, and a hole for the interrupt
     * messages of x86, which do not go to memory.
     */
    static final List<IovaRange> DEFAULT_RANGES = List.of(
        new IovaRange(0, 0xfedf_ffffL),
        new IovaRange(0xfef0_0000L, (1L << 39) - 1));

    private final List<IovaRange> ranges;
    /** The last address of each piece that is taken, by its first. */
    private final TreeMap<Long, Long> taken = new TreeMap<>();

    IovaSpace(List<IovaRange> ranges) {
        this.ranges = List.copyOf(ranges);
    }

    /**
     * Takes a piece.
     *
     * @param size in bytes, more than 0
     * @return its first address
     * @throws IOException if there is none of that size
     */
    synchronized long take(long size) throws IOException {
        if (size <= 0) {
            throw new IllegalArgumentException("size " + size);
        }
        for (IovaRange range : ranges) {
            long first = find(range, size);
            if (first != 0) {
                taken.put(first, first + size - 1);
                return first;
            }
        }
        throw new IOException("the IOMMU has no " + size + " addresses left together; it translates " + ranges + ", and "
            + taken.size() + " regions are mapped");
    }

    /** The first place in a range, or 0. Addresses that are negative as a long are left alone. */
    private long find(IovaRange range, long size) {
        long last = range.last() < 0 ? Long.MAX_VALUE : range.last();
        long first = range.first() < 0 ? range.first() : alignUp(Math.max(range.first(), 1));
        while (first > 0 && first <= last && last - first >= size - 1) {
            Map.Entry<Long, Long> before = taken.floorEntry(first + size - 1);
            if (before == null || before.getValue() < first) {
                return first;
            }
            first = alignUp(before.getValue() + 1);
        }
        return 0;
    }

    /** Negative if that is beyond what a long can have. */
    private static long alignUp(long address) {
        return address + ALIGNMENT - 1 & -ALIGNMENT;
    }

    /** Gives a piece back, by its first address. */
    synchronized void giveBack(long first) {
        if (taken.remove(first) == null) {
            throw new IllegalArgumentException("0x" + Long.toHexString(first) + " was not taken");
        }
    }
}
