// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

/**
 * A vring address description; see {@link VringAddressLayout}.
 *
 * @param index      of the queue, an unsigned number
 * @param flags      bit 0: writes to the used ring are logged
 * @param descriptor user address of the descriptor table
 * @param used       user address of the used ring
 * @param available  user address of the available ring
 * @param log        guest address for logging
 */
public record VringAddress(int index, int flags, long descriptor, long used, long available, long log) {
}
