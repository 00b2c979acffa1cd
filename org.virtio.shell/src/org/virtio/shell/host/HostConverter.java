// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.host;

import java.util.List;
import java.util.stream.Collectors;
import org.apache.felix.service.command.Converter;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.virtio.host.HostDeviceDTO;
import org.virtio.shell.print.Details;
import org.virtio.shell.print.Form;
import org.virtio.shell.print.FormConverter;
import org.virtio.shell.print.Table;

/** Prints devices of the host. */
@Component(service = Converter.class)
public final class HostConverter extends FormConverter {
    private static final Table<HostDeviceDTO> DEVICES = new Table<HostDeviceDTO>()
        .column("ADDRESS", d -> d.address).column("TYPE", d -> d.type).column("ID", d -> d.id)
        .column("DRIVER", d -> d.driver).column("GROUP", d -> d.iommuGroup).column("STATE", HostConverter::state);

    /** Created by Declarative Services. */
    @Activate
    public HostConverter() {
        super(List.of(Form.of(HostDeviceDTO.class, DEVICES, HostConverter::full, HostConverter::commands)));
    }

    private static String state(HostDeviceDTO device) {
        if (device.ready) {
            return "ready";
        }
        if (device.use != null) {
            return "in use: " + device.use;
        }
        return device.unusable == null ? "to hand over" : device.unusable;
    }

    private static String full(HostDeviceDTO device) {
        Details details = new Details(device.address)
            .add("type", device.type)
            .add("id", device.id)
            .add("driver", device.driver == null ? "none" : device.driver)
            .add("IOMMU group", device.iommuGroup == null ? "none" : device.iommuGroup)
            .add("state", state(device))
            .add("left alone", device.use == null ? null : device.unusable);
        String label = "hand over, as root";
        for (String command : device.handOver) {
            details.add(label, command);
            label = "";
        }
        return details.toString();
    }

    /** What is to be done, device by device; empty if nothing is. */
    private static String commands(List<HostDeviceDTO> devices) {
        return devices.stream().filter(device -> !device.handOver.isEmpty()).map(HostConverter::commands)
            .collect(Collectors.joining("\n\n"));
    }

    private static String commands(HostDeviceDTO device) {
        return "To hand over " + device.address + ", as root:\n  " + String.join("\n  ", device.handOver);
    }
}
