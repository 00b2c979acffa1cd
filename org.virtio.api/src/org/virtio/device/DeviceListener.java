// SPDX-License-Identifier: Apache-2.0
package org.virtio.device;

/** Is told what happens to a device apart from its queues, on a thread of the transport: return soon, do not throw. */
public interface DeviceListener {
    /** The device changed its configuration space (VIRTIO 1.3, section 2.5). */
    default void configurationChanged(VirtioDevice device) {
    }

    /**
     * A suspended device is back: its features, those that were in force before, are accepted, and its configuration can be read;
     * its queues do not work yet. Not on a thread of the transport's. The device can be neither started nor stopped meanwhile.
     *
     * @param offered the features that it offers now
     * @throws VirtioException if the driver cannot go on with what it finds; the message says why. The device stays suspended
     */
    default void resuming(VirtioDevice device, FeatureSet offered) throws VirtioException {
    }

    /** The device's state changed. In {@link DeviceState#FAILED} its queues are broken already and their owners woken. */
    default void stateChanged(VirtioDevice device, DeviceState state) {
    }
}
