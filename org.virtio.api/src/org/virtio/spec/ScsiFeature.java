// SPDX-License-Identifier: Apache-2.0
package org.virtio.spec;

/** Feature bits of the SCSI host device (VIRTIO 1.3, section 5.6.3). */
public final class ScsiFeature {
    /** A request can have both data to the device and data from it. */
    public static final int INOUT = 0;
    /** The device reports logical units that come and go. */
    public static final int HOTPLUG = 1;
    /** The device reports changes of a logical unit's parameters. */
    public static final int CHANGE = 2;
    /** Requests have fields for T10 protection information (DIF/DIX). */
    public static final int T10_PI = 3;

    private ScsiFeature() {
    }

    static String name(int bit) {
        return switch (bit) {
            case INOUT -> "SCSI_INOUT";
            case HOTPLUG -> "SCSI_HOTPLUG";
            case CHANGE -> "SCSI_CHANGE";
            case T10_PI -> "SCSI_T10_PI";
            default -> null;
        };
    }
}
