// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import java.time.Duration;
import org.virtio.device.DeviceAddress;
import org.virtio.spec.PackedRingLayout;
import org.virtio.spec.SplitRingLayout;

/**
 * The options of an address that the core acts on, among {@link DeviceAddress#COMMON_OPTIONS}.
 *
 * @param queueSize     the greatest queue size wanted
 * @param packed        whether RING_PACKED may be negotiated
 * @param eventIdx      whether EVENT_IDX may be negotiated
 * @param inOrder       whether IN_ORDER may be negotiated
 * @param indirectAbove requests of more descriptors than this use an indirect table; {@link #NEVER} to do without
 *     INDIRECT_DESC
 * @param regionBytes   bytes per region of shared memory
 * @param hugePages     whether huge pages are to back the regions
 */
public record DeviceOptions(int queueSize, boolean packed, boolean eventIdx, boolean inOrder, int indirectAbove, int regionBytes,
    boolean hugePages) {

    /** The longest grace time, in seconds. */
    public static final int MAX_GRACE_SECONDS = 86_400;

    private static final int NEVER = -1;
    private static final int DEFAULT_QUEUE_SIZE = 512;
    /** A block request of one segment is quicker without a table, which is one more line for the device to fetch. */
    private static final int DEFAULT_INDIRECT_ABOVE = 3;
    private static final int DEFAULT_REGION_MIB = 64;
    private static final int MAX_REGION_MIB = 1024;
    private static final int MIB = 1 << 20;
    private static final int DEFAULT_GRACE_SECONDS = 30;

    /**
     * Reads the options, and checks those that the drivers act on.
     *
     * @throws IllegalArgumentException naming the option that is out of range
     */
    public static DeviceOptions of(DeviceAddress address) {
        grace(address);
        either(address, "readonly", "off", "on");
        either(address, "mode", "wait", "poll");
        boolean packed = either(address, "packed", "on", "off");
        int size = address.option("size", DEFAULT_QUEUE_SIZE, 1, PackedRingLayout.MAX_SIZE);
        int memory = address.option("memory", DEFAULT_REGION_MIB, 1, MAX_REGION_MIB);
        return new DeviceOptions(packed ? size : splitSize(size), packed,
            either(address, "event_idx", "on", "off"), either(address, "in_order", "on", "off"), indirectAbove(address),
            memory * MIB, !either(address, "hugepages", "false", "true"));
    }

    /**
     * How long a device that has lost its transport waits for it before it fails: the option {@code grace}.
     *
     * @throws IllegalArgumentException if it is out of range
     */
    public static Duration grace(DeviceAddress address) {
        return Duration.ofSeconds(address.option("grace", DEFAULT_GRACE_SECONDS, 0, MAX_GRACE_SECONDS));
    }

    private static int splitSize(int size) {
        try {
            return SplitRingLayout.checkSize(size);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("option size=" + size + " with packed=off: " + e.getMessage(), e);
        }
    }

    private static int indirectAbove(DeviceAddress address) {
        return address.option("indirect", "").equals("off") ? NEVER
            : address.option("indirect", DEFAULT_INDIRECT_ABOVE, 0, PackedRingLayout.MAX_SIZE);
    }

    /** Whether INDIRECT_DESC may be negotiated. */
    boolean indirect() {
        return indirectAbove != NEVER;
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
