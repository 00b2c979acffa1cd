// SPDX-License-Identifier: Apache-2.0
package org.virtio.transport;

/**
 * What a transport demands of the regions of memory that it maps.
 *
 * @param maxBytes  the most bytes that a region may have
 * @param hugePages whether huge pages have to back it: a device without an IOMMU is told physical addresses, which are
 *     contiguous within one page alone, and fixed for huge pages alone
 */
public record RegionLimits(int maxBytes, boolean hugePages) {
    /** Any region will do. */
    public static final RegionLimits NONE = new RegionLimits(Integer.MAX_VALUE, false);
}
