// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;

/** Has a driver look at a device that comes back. */
@FunctionalInterface
interface DriverCheck {
    /**
     * Looks at it: its features are in force, and its configuration can be read.
     *
     * @throws VirtioException if the driver cannot go on with it; the message says why
     */
    void check(FeatureSet offered) throws VirtioException;
}
