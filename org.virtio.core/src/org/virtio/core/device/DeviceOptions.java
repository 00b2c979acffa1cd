// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import org.virtio.device.DeviceAddress;
import org.virtio.spec.SplitRingLayout;

/**
 * The options of an address that the core acts on: {@link DeviceAddress#COMMON_OPTIONS}.
 *
 * @param queueSize   the greatest queue size wanted, a power of two
 * @param eventIdx    whether EVENT_IDX may be negotiated
 * @param regionBytes bytes per region of shared memory
 * @param hugePages   whether huge pages are to back the regions
 */
record DeviceOptions(int queueSize, boolean eventIdx, int regionBytes, boolean hugePages) {
    private static final int DEFAULT_QUEUE_SIZE = 512;
    private static final int DEFAULT_REGION_MIB = 64;
    private static final int MAX_REGION_MIB = 1024;
    private static final int MIB = 1 << 20;

    /**
     * Reads the options.
     *
     * @throws IllegalArgumentException naming the option that is out of range
     */
    static DeviceOptions of(DeviceAddress address) {
        int size = address.option("size", DEFAULT_QUEUE_SIZE, 1, SplitRingLayout.MAX_SIZE);
        int memory = address.option("memory", DEFAULT_REGION_MIB, 1, MAX_REGION_MIB);
        return new DeviceOptions(SplitRingLayout.checkSize(size), either(address, "event_idx", "on", "off"), memory * MIB,
            !either(address, "hugepages", "false", "true"));
    }

    private static boolean either(DeviceAddress address, String name, String preset, String other) {
        String value = address.option(name, preset);
        if (!value.equals(preset) && !value.equals(other)) {
            throw new IllegalArgumentException(
                "option " + name + "=" + value + " is neither " + preset + " nor " + other);
        }
        return value.equals(preset);
    }
}
