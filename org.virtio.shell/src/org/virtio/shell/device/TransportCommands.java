// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.device;

import java.util.List;
import org.apache.felix.service.command.Descriptor;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.virtio.device.DeviceRegistry;
import org.virtio.shell.Commands;
import org.virtio.shell.print.Listing;

/** Commands about transports. */
@Component(service = TransportCommands.class, property = {"osgi.command.scope=virtio", "osgi.command.function=transports"})
public final class TransportCommands extends Commands {
    /** Created by Declarative Services. */
    @Activate
    public TransportCommands(BundleContext context) {
        super(context);
    }

    /** The transports. */
    @Descriptor("lists the transports by which devices can be attached. Usage: transports")
    public List<TransportDTO> transports() throws Exception {
        return run(() -> services.registry(registry -> new Listing<>(
            registry.transports().stream().map(scheme -> transport(registry, scheme)).toList(),
            "no transports; is a transport bundle such as org.virtio.user active?")));
    }

    private static TransportDTO transport(DeviceRegistry registry, String scheme) {
        TransportDTO transport = new TransportDTO();
        transport.scheme = scheme;
        transport.devices = (int) registry.devices().stream().filter(d -> scheme.equals(d.transport)).count();
        return transport;
    }
}
