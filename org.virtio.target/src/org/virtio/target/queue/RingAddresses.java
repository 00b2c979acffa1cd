// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

import org.virtio.device.FeatureSet;
import org.virtio.spec.Feature;
import org.virtio.spec.PackedRingLayout;
import org.virtio.spec.SplitRingLayout;

/**
 * Where a virtqueue's three areas are (VIRTIO 1.3, section 2.6), and which features were negotiated for it.
 *
 * @param size           descriptors
 * @param descriptorArea user address of the descriptor table, or of the descriptor ring
 * @param driverArea     user address of the available ring, or of the driver event suppression structure
 * @param deviceArea     user address of the used ring, or of the device event suppression structure
 * @param features       all that were accepted; RING_PACKED decides on the format
 */
public record RingAddresses(int size, long descriptorArea, long driverArea, long deviceArea, FeatureSet features) {
    /**
     * Checks the size.
     *
     * @throws IllegalArgumentException if no queue of the format can have it
     */
    public RingAddresses {
        checkSize(size, features);
    }

    /**
     * Checks a queue size, of which the format decides what it may be.
     *
     * @return {@code size}
     * @throws IllegalArgumentException with the size in its message
     */
    public static int checkSize(int size, FeatureSet features) {
        return features.contains(Feature.RING_PACKED) ? PackedRingLayout.checkSize(size) : SplitRingLayout.checkSize(size);
    }

    boolean has(int feature) {
        return features.contains(feature);
    }
}
