// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

/**
 * Where a split virtqueue is, and which of its features were negotiated.
 *
 * @param size        descriptors, a power of two up to 32768
 * @param descriptors user address of the descriptor table
 * @param available   user address of the available ring
 * @param used        user address of the used ring
 * @param eventIdx    whether EVENT_IDX was negotiated
 * @param indirect    whether INDIRECT_DESC was negotiated
 */
public record RingAddresses(int size, long descriptors, long available, long used, boolean eventIdx, boolean indirect) {
}
