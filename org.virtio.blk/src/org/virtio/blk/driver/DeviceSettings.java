// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import org.virtio.device.DeviceAddress;

/**
 * What goes for one device: the options of its address, and for all else the driver's configuration as it stands now.
 *
 * @param driver   of all devices
 * @param readOnly whether nothing may be written, whatever the device takes: {@code readonly=on}
 * @param polls    whether threads that wait for the device never sleep: {@code mode=poll}
 */
record DeviceSettings(Settings driver, boolean readOnly, boolean polls) {
    /** The core has checked the options. */
    static DeviceSettings of(DeviceAddress address, Settings driver) {
        return new DeviceSettings(driver, address.option("readonly", "off").equals("on"),
            address.option("mode", "wait").equals("poll"));
    }

    /** How long to look for a used buffer before sleeping. */
    long spinNanos() {
        return polls ? Long.MAX_VALUE : driver.spinNanos();
    }

    /** How many submissions to take while the device is suspended. */
    int maxSuspended() {
        return driver.maxSuspended();
    }

    /** How long to wait for requests in flight when a queue is given up. */
    long drainNanos() {
        return driver.drainNanos();
    }
}
