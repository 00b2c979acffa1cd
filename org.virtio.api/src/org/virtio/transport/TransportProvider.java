// SPDX-License-Identifier: Apache-2.0
package org.virtio.transport;

import org.virtio.device.DeviceAddress;
import org.virtio.device.VirtioException;

/** Opens devices of one kind of transport: the service that a transport bundle registers. Thread-safe. */
public interface TransportProvider {
    /** The scheme of the addresses that it opens, such as {@code vhost-user}. */
    String scheme();

    /**
     * Looks at an address as {@link #open} would, and touches nothing: so a device that works is not given up for an address at
     * which there can be none. That nothing is said is no promise. Does nothing in a provider that has no more to say than the
     * core, which has looked at the {@linkplain DeviceAddress#COMMON_OPTIONS common options}.
     *
     * @throws IllegalArgumentException if an option of the address is unknown or out of range, or the location is malformed; the
     *     message names the option and what is accepted
     * @throws VirtioException          if what the address asks of the provider is not there at present, but may come
     */
    default void check(DeviceAddress address) throws VirtioException {
    }

    /**
     * Opens a device: finds it, connects, and makes sure that something answers. The device's rings are not touched.
     *
     * @param listener told of changes from now on, on a thread of the transport
     * @throws IllegalArgumentException if an option of the address is unknown or out of range
     * @throws VirtioException          if the device cannot be opened; nothing is left open then
     */
    Transport open(DeviceAddress address, TransportListener listener) throws VirtioException;
}
