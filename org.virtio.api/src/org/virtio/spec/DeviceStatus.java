// SPDX-License-Identifier: Apache-2.0
package org.virtio.spec;

import java.util.StringJoiner;

/** Bits of the device status field, an unsigned byte (VIRTIO 1.3, section 2.1). */
public final class DeviceStatus {
    /** Writing this value resets the device; reading it says that a reset is complete (section 2.4). */
    public static final int RESET = 0;
    /** The driver has found the device and recognised it as a virtio device. */
    public static final int ACKNOWLEDGE = 1;
    /** The driver knows how to drive the device. */
    public static final int DRIVER = 2;
    /** The driver is set up and ready to drive the device. */
    public static final int DRIVER_OK = 4;
    /** The driver has acknowledged the features that it understands, and the device accepts them. */
    public static final int FEATURES_OK = 8;
    /** The device has suffered an error that it cannot recover from without a reset. */
    public static final int DEVICE_NEEDS_RESET = 64;
    /** The driver has given up on the device. */
    public static final int FAILED = 128;

    private DeviceStatus() {
    }

    /** The names of the bits that are set, such as {@code ACKNOWLEDGE|DRIVER}; {@code RESET} for 0; unassigned bits in hex. */
    public static String toString(int status) {
        if (status == RESET) {
            return "RESET";
        }
        StringJoiner names = new StringJoiner("|");
        int rest = status;
        rest = name(names, rest, ACKNOWLEDGE, "ACKNOWLEDGE");
        rest = name(names, rest, DRIVER, "DRIVER");
        rest = name(names, rest, FEATURES_OK, "FEATURES_OK");
        rest = name(names, rest, DRIVER_OK, "DRIVER_OK");
        rest = name(names, rest, DEVICE_NEEDS_RESET, "DEVICE_NEEDS_RESET");
        rest = name(names, rest, FAILED, "FAILED");
        if (rest != 0) {
            names.add("0x" + Integer.toHexString(rest));
        }
        return names.toString();
    }

    private static int name(StringJoiner names, int status, int bit, String name) {
        if ((status & bit) != 0) {
            names.add(name);
        }
        return status & ~bit;
    }
}
