// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import org.virtio.device.VirtioException;
import org.virtio.spec.DeviceType;

/** Names a device whose type has become known. */
@FunctionalInterface
public interface DeviceNaming {
    /** The device's name. */
    String name(DeviceType type) throws VirtioException;
}
