// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.virtio.blk.BlockDevice;
import org.virtio.device.DeviceDTO;
import org.virtio.device.DeviceProperties;
import org.virtio.device.DeviceRegistry;
import org.virtio.host.HostDevices;

/** Gets a service, uses it and ungets it, so that no command holds one when it is not running. */
public final class Services {
    private final BundleContext context;

    /** Services as this context sees them. */
    public Services(BundleContext context) {
        this.context = context;
    }

    /** Does something with a service, and returns what comes of it. */
    @FunctionalInterface
    public interface Use<S, R> {
        /** Uses the service; it is gone when this returns. */
        R with(S service) throws Exception;
    }

    /** Uses the device registry. */
    public <R> R registry(Use<DeviceRegistry, R> use) throws Exception {
        ServiceReference<DeviceRegistry> reference = context.getServiceReference(DeviceRegistry.class);
        if (reference == null) {
            throw new CommandException("there is no device registry; is the bundle org.virtio.core active?");
        }
        return use(reference, use);
    }

    /** Uses a service of another kind; null if there is none. */
    public <S, R> R service(Class<S> type, Use<S, R> use) throws Exception {
        ServiceReference<S> reference = context.getServiceReference(type);
        return reference == null ? null : use(reference, use);
    }

    /** Uses the block device of that name. */
    public <R> R block(String name, Use<BlockDevice, R> use) throws Exception {
        ServiceReference<BlockDevice> reference = blockReference(name);
        if (reference == null) {
            throw new CommandException(registry(registry -> whyNoBlock(name, registry.devices())));
        }
        return use(reference, use);
    }

    /** Whether there is a block device of that name. */
    public boolean isBlock(String name) {
        return blockReference(name) != null;
    }

    private ServiceReference<BlockDevice> blockReference(String name) {
        try {
            Collection<ServiceReference<BlockDevice>> all = context.getServiceReferences(BlockDevice.class, null);
            return all.stream().filter(r -> name.equals(r.getProperty(DeviceProperties.NAME))).findFirst().orElse(null);
        } catch (InvalidSyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Uses each service that knows devices of the host, one after the other. */
    public <R> List<R> hostDevices(Use<HostDevices, R> use) throws Exception {
        List<R> results = new ArrayList<>();
        for (ServiceReference<HostDevices> reference : hostDevices()) {
            results.add(use(reference, use));
        }
        return results;
    }

    /** Uses the service that knows the devices of the host whose addresses have that scheme. */
    public <R> R hostDevices(String scheme, Use<HostDevices, R> use) throws Exception {
        for (ServiceReference<HostDevices> reference : hostDevices()) {
            if (scheme.equals(use(reference, HostDevices::scheme))) {
                return use(reference, use);
            }
        }
        throw new CommandException("no transport here has devices of the host whose addresses begin with " + scheme + ":");
    }

    private List<ServiceReference<HostDevices>> hostDevices() throws CommandException {
        try {
            List<ServiceReference<HostDevices>> all = new ArrayList<>(context.getServiceReferences(HostDevices.class, null));
            if (all.isEmpty()) {
                throw new CommandException("no transport here knows devices of the host; is the bundle org.virtio.pci active?");
            }
            all.sort(null);
            return all;
        } catch (InvalidSyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private <S, R> R use(ServiceReference<S> reference, Use<S, R> use) throws Exception {
        S service = context.getService(reference);
        if (service == null) {
            throw new CommandException("the service went away; try again");
        }
        try {
            return use.with(service);
        } finally {
            context.ungetService(reference);
        }
    }

    /** The device of that name among these; an error that lists them if there is none. */
    public DeviceDTO find(String name, List<DeviceDTO> devices) throws CommandException {
        for (DeviceDTO device : devices) {
            if (device.name.equals(name)) {
                return device;
            }
        }
        throw new CommandException(devices.isEmpty()
            ? "there is no device '" + name + "', nor any other; attach one: virtio:attach <address> " + name
            : "there is no device '" + name + "'; there are: "
                + devices.stream().map(d -> d.name).collect(Collectors.joining(", ")));
    }

    private String whyNoBlock(String name, List<DeviceDTO> devices) throws CommandException {
        DeviceDTO device = find(name, devices);
        if (device.failure != null) {
            return name + " is " + device.state + ": " + device.failure;
        }
        if (device.type != null && !device.type.equals("blk")) {
            return name + " is a " + device.type + " device, and this is for block devices";
        }
        return name + " is " + device.state + "; no block driver has it";
    }
}
