// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

/**
 * A memory region as a message describes it; see {@link MemoryRegionLayout}. All numbers are unsigned.
 *
 * @param guestAddress by which descriptors refer to the region
 * @param size         in bytes
 * @param userAddress  by which ring addresses refer to the region
 * @param mmapOffset   in bytes: where the region starts in the file
 */
public record RegionDescription(long guestAddress, long size, long userAddress, long mmapOffset) {
}
