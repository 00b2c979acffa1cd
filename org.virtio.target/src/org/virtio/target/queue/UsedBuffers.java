// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

/**
 * Puts used buffers into a ring. If IN_ORDER was negotiated, several of them get one element, which has the id and the length
 * of the last (VIRTIO 1.3, sections 2.7.9 and 2.8.9). Of the others the driver assumes that the device wrote all that was
 * writable, so a buffer of which that is not true is the last of its element.
 */
final class UsedBuffers {
    private final DeviceRing ring;
    private final boolean inOrder;
    private int buffers;
    private int descriptors;
    private int lastId;
    private int lastLength;

    UsedBuffers(DeviceRing ring, boolean inOrder) {
        this.ring = ring;
        this.inOrder = inOrder;
    }

    /**
     * Uses a buffer.
     *
     * @param descriptorCount of the ring, which it fills
     * @param length          bytes that were written, unsigned
     * @param writable        bytes that were writable
     */
    void use(int id, int descriptorCount, int length, long writable) {
        ring.completed(id);
        if (!inOrder) {
            ring.putUsed(id, length, 1, descriptorCount);
            return;
        }
        buffers++;
        descriptors += descriptorCount;
        lastId = id;
        lastLength = length;
        if (Integer.toUnsignedLong(length) != writable) {
            end();
        }
    }

    /** Puts the element for what was used up to now: always before the ring is published. */
    void end() {
        if (buffers > 0) {
            ring.putUsed(lastId, lastLength, buffers, descriptors);
            buffers = 0;
            descriptors = 0;
        }
    }
}
