// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.registry;

import java.util.Locale;
import org.virtio.device.DeviceAddress;
import org.virtio.device.DeviceDTO;
import org.virtio.device.DeviceState;

/** A device that was attached and not detached, whether or not it is open. Its fields are guarded by the table. */
final class DeclaredDevice {
    final String name;
    DeviceAddress address;
    /** While it is open. */
    DeviceService service;
    /** While it is being opened again. */
    boolean opening;
    /** Why it could not be opened, or null. */
    String failure;
    /** Whether it was suspended for too long, and is not open again yet. */
    boolean expired;
    /** Whether to try to open it until that succeeds. */
    boolean awaited;
    /** Whether the next attempt is arranged. */
    boolean retrying;

    DeclaredDevice(String name, DeviceAddress address, DeviceService service) {
        this.name = name;
        this.address = address;
        this.service = service;
    }

    private DeviceState state() {
        if (opening) {
            return DeviceState.ATTACHING;
        }
        return expired ? DeviceState.FAILED : DeviceState.DECLARED;
    }

    /** All there is to say of a device that is not open. */
    DeviceDTO dump() {
        DeviceDTO dto = new DeviceDTO();
        dto.name = name;
        dto.address = address.toString();
        dto.transport = address.scheme();
        dto.state = state().name().toLowerCase(Locale.ROOT);
        dto.failure = failure;
        return dto;
    }
}
