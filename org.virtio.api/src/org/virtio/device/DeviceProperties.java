// SPDX-License-Identifier: Apache-2.0
package org.virtio.device;

/** Service properties of {@link VirtioDevice}, and topics and properties of the events about devices. */
public final class DeviceProperties {
    /** The device's name, a String. */
    public static final String NAME = "virtio.name";
    /** The short name of its type, a String such as {@code blk}. */
    public static final String TYPE = "virtio.type";
    /** The scheme of its transport, a String such as {@code vhost-user}. */
    public static final String TRANSPORT = "virtio.transport";
    /** Its address, a String. */
    public static final String ADDRESS = "virtio.address";
    /** The name of its {@link DeviceState}, in lower case. */
    public static final String STATE = "virtio.state";
    /** In an event: why the device failed, if it did. */
    public static final String REASON = "virtio.reason";

    /** Prefix of the topics of EventAdmin events; the state in upper case follows: {@code org/virtio/device/READY}. */
    public static final String TOPIC_PREFIX = "org/virtio/device/";
    /** Topic of the event that a device's configuration space has changed. */
    public static final String TOPIC_CONFIGURATION = TOPIC_PREFIX + "CONFIGURATION";

    private DeviceProperties() {
    }
}
