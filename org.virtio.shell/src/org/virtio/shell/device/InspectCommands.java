// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.device;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.felix.service.command.Descriptor;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.virtio.blk.BlockDevice;
import org.virtio.device.DeviceDTO;
import org.virtio.device.DeviceRegistry;
import org.virtio.device.VirtioDevice;
import org.virtio.device.VirtioException;
import org.virtio.queue.QueueDTO;
import org.virtio.shell.CommandException;
import org.virtio.shell.Commands;
import org.virtio.shell.print.HexDump;
import org.virtio.shell.print.Json;
import org.virtio.shell.print.Listing;

/** Commands that show what a device is and what it does. */
@Component(service = InspectCommands.class, property = {"osgi.command.scope=virtio",
    "osgi.command.function=info", "osgi.command.function=features", "osgi.command.function=queues",
    "osgi.command.function=config", "osgi.command.function=dump"})
public final class InspectCommands extends Commands {
    private static final int UNKNOWN_CONFIG_BYTES = 64;

    /** Created by Declarative Services. */
    @Activate
    public InspectCommands(BundleContext context) {
        super(context);
    }

    /** What a device is. */
    @Descriptor("shows what a device is: type, state, features, queues; of a block device also capacity and limits. "
        + "Usage: info <name>")
    public InfoDTO info(@Descriptor("the device") String name) throws Exception {
        return run(() -> {
            InfoDTO info = new InfoDTO();
            info.device = device(name);
            info.block = services.isBlock(name) ? services.block(name, BlockDevice::dump) : null;
            return info;
        });
    }

    /** A device's features. */
    @Descriptor("lists the features that a device offers, and whether each is in force. Usage: features <name>")
    public List<FeatureDTO> features(@Descriptor("the device") String name) throws Exception {
        return run(() -> {
            DeviceDTO device = device(name);
            Set<String> negotiated = new HashSet<>(device.negotiatedFeatures);
            return new Listing<>(device.deviceFeatures.stream().map(f -> feature(f, negotiated.contains(f))).toList(),
                name + " offers no features");
        });
    }

    /** A device's queues. */
    @Descriptor("lists the queues of a device with their indices, of a packed ring with its wrap counter after a colon, and "
        + "their counters. Usage: queues <name>")
    public List<QueueDTO> queues(@Descriptor("the device") String name) throws Exception {
        return run(() -> new Listing<>(device(name).queues, name + " has no queues set up"));
    }

    /** A device's configuration space. */
    @Descriptor("shows the configuration space of a device: of blk, net, scsi and rng devices by field, of others in "
        + "hexadecimal. Usage: config <name>")
    public Object config(@Descriptor("the device") String name) throws Exception {
        return run(() -> services.registry(registry -> {
            VirtioDevice device = open(registry, name);
            return ConfigFields.areKnown(device.type())
                ? new Listing<>(ConfigFields.read(device.type(), device.config(), device.deviceFeatures()),
                    name + " has no valid fields in its configuration space")
                : hexadecimal(device);
        }));
    }

    /** All about a device, as JSON. */
    @Descriptor("prints all that is known of a device as JSON. Usage: dump <name>")
    public String dump(@Descriptor("the device") String name) throws Exception {
        return run(() -> Json.of(info(name)));
    }

    private DeviceDTO device(String name) throws Exception {
        return services.registry(registry -> services.find(name, registry.devices()));
    }

    private VirtioDevice open(DeviceRegistry registry, String name) throws CommandException {
        VirtioDevice device = registry.device(name);
        if (device == null) {
            DeviceDTO declared = services.find(name, registry.devices());
            throw new CommandException(name + " is " + declared.state + " and not open"
                + (declared.failure == null ? "" : ": " + declared.failure));
        }
        return device;
    }

    // How long the configuration space is depends on the type, so what is there is read up to where the device says no.
    private static String hexadecimal(VirtioDevice device) throws VirtioException {
        int length = UNKNOWN_CONFIG_BYTES;
        while (true) {
            try {
                return HexDump.of(device.config().read(0, length), 0);
            } catch (VirtioException e) {
                length /= 2;
                if (length == 0) {
                    throw e;
                }
            }
        }
    }

    private static FeatureDTO feature(String name, boolean negotiated) {
        FeatureDTO feature = new FeatureDTO();
        feature.name = name;
        feature.negotiated = negotiated;
        return feature;
    }
}
