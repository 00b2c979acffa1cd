// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import org.virtio.device.VirtioException;
import org.virtio.spec.DeviceType;

/** Names a device whose type has become known. */
@FunctionalInterface
public interface DeviceNaming {
    /** What a name has to match. */
    String PATTERN = "[A-Za-z0-9._-]{1,64}";
    /** The same in words. */
    String RANGE = "1 to 64 letters, digits, '.', '_' or '-'";

    /** The device's name. */
    String name(DeviceType type) throws VirtioException;
}
