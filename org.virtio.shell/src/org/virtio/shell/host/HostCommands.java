// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.host;

import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.felix.service.command.Descriptor;
import org.apache.felix.service.command.Parameter;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.virtio.device.DeviceAddress;
import org.virtio.host.HostDeviceDTO;
import org.virtio.host.HostDevices;
import org.virtio.shell.CommandException;
import org.virtio.shell.Commands;
import org.virtio.shell.print.Listing;

/** Commands about devices of the host: which there are, and who has them, the kernel or those who attach them. */
@Component(service = HostCommands.class, property = {"osgi.command.scope=virtio",
    "osgi.command.function=scan", "osgi.command.function=bind", "osgi.command.function=unbind"})
public final class HostCommands extends Commands {
    /** What an address begins with that is typed as other tools print it, such as {@code 0000:00:05.0}. */
    private static final String DEFAULT_SCHEME = "pci:";
    private static final String BEST = "";

    /** Created by Declarative Services. */
    @Activate
    public HostCommands(BundleContext context) {
        super(context);
    }

    /** All devices of the host. */
    @Descriptor("lists the virtio devices of this host, and for those that the kernel has, the commands that hand them over. "
        + "Usage: scan [<address>]")
    public List<HostDeviceDTO> scan() throws Exception {
        return run(() -> new Listing<>(services.hostDevices(HostDevices::scan).stream().flatMap(Collection::stream).toList(),
            "no virtio devices on this host"));
    }

    /** One device of the host. */
    @Descriptor("shows one virtio device of this host. Usage: scan [<address>]")
    public HostDeviceDTO scan(@Descriptor("the device, such as pci:0000:00:05.0 or 0000:00:05.0") String address)
            throws Exception {
        return run(() -> {
            DeviceAddress device = parse(address);
            return services.hostDevices(device.scheme(), devices -> find(devices, device));
        });
    }

    /** Takes a device from the kernel's driver. */
    @Descriptor("takes a device from the kernel's driver that has it, so that it can be attached; refuses one that is in use. "
        + "Usage: bind <address> [--driver vfio-pci|uio_pci_generic|none] --yes")
    public HostDeviceDTO bind(
            @Descriptor("the kernel's driver to hand it to (default: vfio-pci behind an IOMMU, else uio_pci_generic)")
            @Parameter(names = {"-d", "--driver"}, absentValue = BEST) String driver,
            @Descriptor("do it; without this, say what would be done")
            @Parameter(names = {"-y", "--yes"}, presentValue = "true", absentValue = "false") boolean yes,
            @Descriptor("the device, such as pci:0000:00:05.0 or 0000:00:05.0") String address) throws Exception {
        return run(() -> {
            DeviceAddress device = parse(address);
            String to = BEST.equals(driver) ? null : String.valueOf(driver);
            return services.hostDevices(device.scheme(), devices -> {
                if (!yes) {
                    throw refusal(find(devices, device), "hand it to "
                        + (to == null ? "vfio-pci, or without an IOMMU uio_pci_generic" : to));
                }
                return devices.bind(device, to);
            });
        });
    }

    /** Gives a device back to the kernel. */
    @Descriptor("gives a device back to the kernel's own driver for it; refuses one that is attached. "
        + "Usage: unbind <address> --yes")
    public HostDeviceDTO unbind(
            @Descriptor("do it; without this, say what would be done")
            @Parameter(names = {"-y", "--yes"}, presentValue = "true", absentValue = "false") boolean yes,
            @Descriptor("the device, such as pci:0000:00:05.0 or 0000:00:05.0") String address) throws Exception {
        return run(() -> {
            DeviceAddress device = parse(address);
            return services.hostDevices(device.scheme(), devices -> {
                if (!yes) {
                    throw refusal(find(devices, device), "have the kernel's own driver for it take it");
                }
                return devices.unbind(device);
            });
        });
    }

    static DeviceAddress parse(String address) {
        String text = String.valueOf(address);
        return DeviceAddress.parse(text.matches("[0-9a-fA-F]+:[0-9a-fA-F].*") ? DEFAULT_SCHEME + text : text);
    }

    private static HostDeviceDTO find(HostDevices devices, DeviceAddress address) throws Exception {
        List<HostDeviceDTO> all = devices.scan();
        String wanted = address.scheme() + ":" + address.location();
        return all.stream().filter(device -> device.address.equals(wanted)).findFirst().orElseThrow(() ->
            new CommandException("there is no virtio device " + wanted + (all.isEmpty() ? ", nor any other"
                : "; there are: " + all.stream().map(device -> device.address).collect(Collectors.joining(", ")))));
    }

    private static CommandException refusal(HostDeviceDTO device, String what) {
        if (device.use != null) {
            return new CommandException(device.address + " is in use: " + device.use);
        }
        if (device.unusable != null) {
            return new CommandException(device.address + " cannot be attached: " + device.unusable);
        }
        return unconfirmed("take " + device.address + (device.type == null ? "" : " (" + device.type + ")")
            + " from " + (device.driver == null ? "nobody" : device.driver) + " and " + what);
    }
}
