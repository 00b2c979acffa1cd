// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

/**
 * A request in flight, as the driver's own record has it, to be entered again.
 *
 * @param time     when it was entered first, as {@link LatencySampler} has it
 * @param words    for each descriptor its address, then its length with the flags above, as {@link Request} has them
 * @param useTable whether it had an indirect table
 */
record SavedRequest(Object token, long context, long time, long[] words, boolean useTable) {
}
