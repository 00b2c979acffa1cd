// SPDX-License-Identifier: Apache-2.0
package org.virtio.host;

/** Topics and properties of the events about devices of the host: what a {@link HostDeviceListener} is told. */
public final class HostProperties {
    /** The address by which the device is attached, a String. */
    public static final String ADDRESS = "virtio.address";
    /** The scheme of its transport, a String such as {@code pci}. */
    public static final String TRANSPORT = "virtio.transport";

    /** Topic of the event that a device has appeared that can perhaps be attached now. */
    public static final String TOPIC_APPEARED = "org/virtio/host/APPEARED";
    /** Topic of the event that a device is gone. */
    public static final String TOPIC_REMOVED = "org/virtio/host/REMOVED";

    private HostProperties() {
    }
}
