// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import java.util.HashSet;
import java.util.Set;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.spec.DeviceType;
import org.virtio.spec.Feature;

/**
 * Which features can be in force (VIRTIO 1.3, section 2.2): bits 0 to 23 and 50 to 127 are the device type's and its
 * driver's own business; of those between and above, the ones that the core implements. A bit that is not known here is
 * thereby never accepted, as section 2.2.1 demands.
 */
final class RingFeatures {
    private static final int LAST_LOW_DEVICE_BIT = 23;
    private static final int FIRST_HIGH_DEVICE_BIT = 50;
    private static final int LAST_HIGH_DEVICE_BIT = 127;

    /** How memory is translated and ordered is the platform's: addresses are the transport's, and the fences are full ones. */
    private final Set<Integer> ofTransport = Set.of(Feature.RING_RESET, Feature.NOTIFICATION_DATA, Feature.NOTIF_CONFIG_DATA,
        Feature.ACCESS_PLATFORM, Feature.ORDER_PLATFORM);
    private final Set<Integer> implemented;

    /** With those of the ring features that the options allow. */
    RingFeatures(DeviceOptions options) {
        implemented = new HashSet<>(ofTransport);
        allow(Feature.EVENT_IDX, options.eventIdx());
        allow(Feature.RING_PACKED, options.packed());
        allow(Feature.IN_ORDER, options.inOrder());
        allow(Feature.INDIRECT_DESC, options.indirect());
    }

    private void allow(int bit, boolean allowed) {
        if (allowed) {
            implemented.add(bit);
        }
    }

    /** What to ask the device for, for a driver that understands these features. */
    FeatureSet wanted(FeatureSet driverFeatures) {
        FeatureSet own = FeatureSet.of(implemented.stream().mapToInt(Integer::intValue).toArray()).with(Feature.VERSION_1);
        return FeatureSet.of(driverFeatures.bits().filter(RingFeatures::isDrivers).toArray()).or(own);
    }

    /**
     * What to ask a device for that comes back while its driver goes on: what was in force and binds driver or rings, and of the
     * rest, which is the transport's business, what it offers now.
     *
     * @throws VirtioException if it does not offer any more what was in force
     */
    FeatureSet wantedAgain(FeatureSet inForce, FeatureSet offered, DeviceType type) throws VirtioException {
        FeatureSet bound = FeatureSet.of(inForce.bits().filter(bit -> !ofTransport.contains(bit)).toArray());
        FeatureSet missing = FeatureSet.of(bound.bits().filter(bit -> !offered.contains(bit)).toArray());
        if (!missing.names(type).isEmpty()) {
            throw new VirtioException("the device no longer offers " + missing.names(type) + ", which its driver relies on");
        }
        return bound.or(FeatureSet.of(ofTransport.stream().mapToInt(Integer::intValue).toArray()).and(offered));
    }

    private static boolean isDrivers(int bit) {
        return bit <= LAST_LOW_DEVICE_BIT || bit >= FIRST_HIGH_DEVICE_BIT && bit <= LAST_HIGH_DEVICE_BIT;
    }
}
