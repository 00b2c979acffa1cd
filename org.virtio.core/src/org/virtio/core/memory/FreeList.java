// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.memory;

import java.util.Map;
import java.util.TreeMap;

/**
 * The free ranges of one region: the first that fits is taken, neighbours are joined. It lives in the heap, out of the
 * device's reach. Not thread-safe.
 */
final class FreeList {
    /** Length by offset, both in bytes; ranges neither overlap nor touch. */
    private final TreeMap<Integer, Integer> ranges = new TreeMap<>();

    /** All of a region of {@code size} bytes is free. */
    FreeList(int size) {
        ranges.put(0, size);
    }

    /**
     * Takes the first range that fits.
     *
     * @param length    in bytes, at least 1
     * @param alignment in bytes, a power of two
     * @return its offset, a multiple of the alignment, or -1 if no free range is long enough
     */
    int take(int length, int alignment) {
        for (Map.Entry<Integer, Integer> range : ranges.entrySet()) {
            int start = range.getKey();
            // Signed 64-bit sums: a region may reach up to 2 GiB.
            long end = (long) start + range.getValue();
            long offset = ((long) start + alignment - 1) & -alignment;
            if (offset + length <= end) {
                cut(start, (int) offset, length, (int) (end - offset - length));
                return (int) offset;
            }
        }
        return -1;
    }

    private void cut(int start, int offset, int length, int rest) {
        ranges.remove(start);
        if (offset > start) {
            ranges.put(start, offset - start);
        }
        if (rest > 0) {
            ranges.put(offset + length, rest);
        }
    }

    /**
     * Gives a range back.
     *
     * @throws IllegalStateException if part of it is free already
     */
    void give(int offset, int length) {
        int start = offset;
        int size = length;
        Map.Entry<Integer, Integer> before = ranges.lowerEntry(offset + 1);
        Map.Entry<Integer, Integer> after = ranges.higherEntry(offset);
        if (before != null && before.getKey() + before.getValue() > offset
            || after != null && offset + length > after.getKey()) {
            throw new IllegalStateException(length + " bytes at " + offset + " are free already");
        }
        if (before != null && before.getKey() + before.getValue() == offset) {
            start = before.getKey();
            size += before.getValue();
        }
        if (after != null && offset + length == after.getKey()) {
            size += after.getValue();
            ranges.remove(after.getKey());
        }
        ranges.put(start, size);
    }

    /** The free ranges: length by offset, in bytes. */
    Map<Integer, Integer> ranges() {
        return Map.copyOf(ranges);
    }
}
