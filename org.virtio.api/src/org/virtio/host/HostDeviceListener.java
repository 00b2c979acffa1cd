// SPDX-License-Identifier: Apache-2.0
package org.virtio.host;

import org.virtio.device.DeviceAddress;

/**
 * Is told which devices of the host come and go: a service that a transport looks for. Called on a thread of the transport,
 * one call at a time: return soon, do not throw.
 */
public interface HostDeviceListener {
    /**
     * A device has appeared that can perhaps be attached now.
     *
     * @param address without options
     */
    void appeared(DeviceAddress address);

    /** A device is gone. */
    void removed(DeviceAddress address);
}
