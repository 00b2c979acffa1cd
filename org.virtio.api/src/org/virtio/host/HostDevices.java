// SPDX-License-Identifier: Apache-2.0
package org.virtio.host;

import java.util.List;
import org.virtio.device.DeviceAddress;
import org.virtio.device.VirtioException;

/** The virtio devices of this host that one transport could open: a service of that transport's. Thread-safe. */
public interface HostDevices {
    /** The scheme of their addresses. */
    String scheme();

    /** All of them, by address. Only reads. */
    List<HostDeviceDTO> scan() throws VirtioException;

    /**
     * Takes a device from the driver of the kernel's that has it, and hands it to one by which it can be attached.
     *
     * @param driver the kernel driver to bind it to, or null for the best that there is
     * @return the device as it is now
     * @throws IllegalArgumentException if there is no such driver to choose, naming those that there are
     * @throws VirtioException          if there is no such device, it is in use, or it cannot be handed over; it stays as it
     *     was then
     */
    HostDeviceDTO bind(DeviceAddress address, String driver) throws VirtioException;

    /**
     * Gives a device back to the kernel's own driver for it.
     *
     * @return the device as it is now
     * @throws VirtioException if there is no such device, it is attached, or the kernel does not take it
     */
    HostDeviceDTO unbind(DeviceAddress address) throws VirtioException;
}
