// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.config;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.AttributeType;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;
import org.virtio.core.device.DeviceNaming;
import org.virtio.core.device.DeviceOptions;
import org.virtio.spec.PackedRingLayout;

/**
 * What may stand in the configuration of a device, for tools that show forms for configurations. {@link Declaration} reads
 * it: it has to tell a property that is not there from one that has its default.
 */
@ObjectClassDefinition(name = "Virtio device",
    description = "A device that is opened as soon as it is there, and closed when this configuration is deleted")
@interface DeviceDefinition {
    /** Behind the factory PID, unless given. */
    @AttributeDefinition(name = "Name", required = false, description = DeviceNaming.RANGE + "; "
        + "if it is not given, the part of the PID, or of the file's name, behind '~' or '-'")
    String name();

    /** A device address. */
    @AttributeDefinition(name = "Address", description = "Where the device is, such as vhost-user:/run/vhost.sock or "
        + "pci:0000:00:05.0; options that stand nowhere else may follow: ?memory=128&packed=off")
    String address();

    /** For transports that do not tell the type. */
    @AttributeDefinition(name = "Type", required = false,
        description = "The type of a vhost-user device, whose back end does not tell it; blk if it is not given")
    String type();

    /** How many. */
    @AttributeDefinition(name = "Queues", required = false, type = AttributeType.INTEGER, min = "1",
        max = "" + Declaration.MAX_QUEUES, description = "How many queues to use at the most; if it is not given, as many as "
        + "the device has")
    int queues();

    /** Descriptors. */
    @AttributeDefinition(name = "Queue size", required = false, type = AttributeType.INTEGER, min = "1",
        max = "" + PackedRingLayout.MAX_SIZE, description = "Descriptors in a queue at the most; a power of two, unless the "
        + "ring is packed; 512 if it is not given")
    int size();

    /** Seconds. */
    @AttributeDefinition(name = "Grace", required = false, type = AttributeType.INTEGER, min = "0",
        max = "" + DeviceOptions.MAX_GRACE_SECONDS, description = "For how many seconds a device that has lost its transport "
        + "keeps what is in flight and waits; 30 if it is not given, 0 to fail at once")
    int grace();

    /** How threads wait. */
    @AttributeDefinition(name = "Mode", required = false, description = "Whether the threads that wait for the device spin all "
        + "the time, or sleep after the driver's spin time; wait if it is not given",
        options = {@Option(value = "wait"), @Option(value = "poll")})
    String mode();

    /** Whether nothing is written. */
    @AttributeDefinition(name = "Read-only", required = false, type = AttributeType.BOOLEAN,
        description = "Whether to refuse what would write to the device; false if it is not given")
    boolean readOnly();
}
