// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.device;

import java.util.List;
import org.apache.felix.service.command.Descriptor;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.virtio.device.DeviceAddress;
import org.virtio.device.DeviceDTO;
import org.virtio.device.VirtioDevice;
import org.virtio.shell.CommandException;
import org.virtio.shell.Commands;
import org.virtio.shell.print.Listing;

/** Commands that attach, move and detach devices. */
@Component(service = DeviceCommands.class, property = {"osgi.command.scope=virtio",
    "osgi.command.function=attach", "osgi.command.function=detach", "osgi.command.function=list",
    "osgi.command.function=move"})
public final class DeviceCommands extends Commands {
    private static final String NONE = "no devices; attach one: virtio:attach vhost-user:/path/to.sock";

    /** Created by Declarative Services. */
    @Activate
    public DeviceCommands(BundleContext context) {
        super(context);
    }

    /** Attaches under the first free name. */
    @Descriptor("attaches a device under the first free name of its type, such as blk0. Usage: attach <address> [<name>]")
    public DeviceDTO attach(@Descriptor("where the device is, such as vhost-user:/run/vhost.sock") String address)
            throws Exception {
        return attach(address, null);
    }

    /** Attaches under a name. */
    @Descriptor("attaches a device under a name. Usage: attach <address> [<name>]")
    public DeviceDTO attach(
            @Descriptor("where the device is, such as 'vhost-user:/run/vhost.sock?size=1024'; quote an address with options")
            String address,
            @Descriptor("the name for the device: letters, digits, . _ and -") String name) throws Exception {
        return run(() -> services.registry(registry -> {
            VirtioDevice device = registry.attach(DeviceAddress.parse(String.valueOf(address)), name);
            checkUsable(device.name(), device.failure());
            return services.find(device.name(), registry.devices());
        }));
    }

    /** Throws if the device, which is attached, has failed. */
    static void checkUsable(String name, String failure) throws CommandException {
        if (failure != null) {
            throw new CommandException(name + " is attached but cannot be used: " + failure + "; look at it: virtio:info " + name
                + ", or give it up: virtio:detach " + name);
        }
    }

    /** Detaches. */
    @Descriptor("closes a device and forgets it. Usage: detach <name>")
    public String detach(@Descriptor("the device") String name) throws Exception {
        return run(() -> services.registry(registry -> {
            registry.detach(name);
            return name + " is detached";
        }));
    }

    /** Moves. */
    @Descriptor("has a device go on at another address, where its data are too; users see a pause. Usage: move <name> <address>")
    public DeviceDTO move(@Descriptor("the device") String name,
            @Descriptor("where it is from now on; quote an address with options") String address) throws Exception {
        return run(() -> services.registry(registry -> {
            registry.move(name, DeviceAddress.parse(String.valueOf(address)));
            return services.find(name, registry.devices());
        }));
    }

    /** All devices. */
    @Descriptor("lists the devices. Usage: list")
    public List<DeviceDTO> list() throws Exception {
        return run(() -> services.registry(registry -> new Listing<>(registry.devices(), NONE)));
    }
}
