// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

/**
 * The memory in which a back end records what is in flight, as a message describes it; see {@link InflightDescriptionLayout}.
 * In a GET_INFLIGHT_FD the front end fills in the queues alone, and the reply the rest.
 *
 * @param mmapSize   bytes of the memory, an unsigned number
 * @param mmapOffset bytes from the start of the file to the memory, an unsigned number
 * @param numQueues  how many queues have a part in it, 0 to 65535
 * @param queueSize  descriptors for which there is room in each part, 0 to 65535
 */
public record InflightDescription(long mmapSize, long mmapOffset, int numQueues, int queueSize) {
    private static final int MAX_U16 = 0xffff;

    /**
     * Checks that the numbers fit.
     *
     * @throws IllegalArgumentException if a number of 16 bits is out of range
     */
    public InflightDescription {
        if (numQueues < 0 || numQueues > MAX_U16 || queueSize < 0 || queueSize > MAX_U16) {
            throw new IllegalArgumentException(
                numQueues + " queues of " + queueSize + " descriptors; expected 0 to " + MAX_U16 + " of each");
        }
    }
}
