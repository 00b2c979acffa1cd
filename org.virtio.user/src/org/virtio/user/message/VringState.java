// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

/**
 * A vring state description; see {@link VringStateLayout}.
 *
 * @param index of the queue, an unsigned number
 * @param num   an unsigned number whose meaning depends on the request
 */
public record VringState(int index, int num) {
}
