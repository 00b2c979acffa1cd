// SPDX-License-Identifier: Apache-2.0
package org.virtio.device;

/** Is told what happens to a device apart from its queues, on a thread of the transport: return soon, do not throw. */
public interface DeviceListener {
    /** The device changed its configuration space (VIRTIO 1.3, section 2.5). */
    default void configurationChanged(VirtioDevice device) {
    }

    /** The device's state changed. In {@link DeviceState#FAILED} its queues are broken already and their owners woken. */
    default void stateChanged(VirtioDevice device, DeviceState state) {
    }
}
