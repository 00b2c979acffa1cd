// SPDX-License-Identifier: Apache-2.0
package org.virtio.transport;

import org.virtio.device.DeviceAddress;
import org.virtio.device.VirtioException;

/** Opens devices of one kind of transport: the service that a transport bundle registers. Thread-safe. */
public interface TransportProvider {
    /** The scheme of the addresses that it opens, such as {@code vhost-user}. */
    String scheme();

    /**
     * Opens a device: finds it, connects, and makes sure that something answers. The device's rings are not touched.
     *
     * @param listener told of changes from now on, on a thread of the transport
     * @throws IllegalArgumentException if an option of the address is unknown or out of range
     * @throws VirtioException          if the device cannot be opened; nothing is left open then
     */
    Transport open(DeviceAddress address, TransportListener listener) throws VirtioException;
}
