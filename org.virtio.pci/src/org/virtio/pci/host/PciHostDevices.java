// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.virtio.device.DeviceAddress;
import org.virtio.device.VirtioException;
import org.virtio.host.HostDeviceDTO;
import org.virtio.host.HostDevices;
import org.virtio.pci.access.FunctionListener;
import org.virtio.pci.access.PciAddress;
import org.virtio.pci.sysfs.Drivers;

/** The virtio functions of this host, by sysfs and procfs. */
@Component
public final class PciHostDevices implements HostDevices {
    /** The kernel binds at once, unless another of its threads is at work on the function. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final PciSysfs sysfs;
    private final Path proc;
    private final OpenFunctions open;
    private final FunctionListener listener;
    private final DriverBinder binder;

    /** Created by Declarative Services. */
    @Activate
    public PciHostDevices(@Reference OpenFunctions open, @Reference FunctionListener listener) {
        this(open, listener, new PciSysfs(Path.of("/sys")), Path.of("/proc"),
            new DriverBinder(new PciSysfs(Path.of("/sys")), PciHostDevices::writeToKernel, PATIENCE));
    }

    PciHostDevices(OpenFunctions open, FunctionListener listener, PciSysfs sysfs, Path proc, DriverBinder binder) {
        this.sysfs = sysfs;
        this.proc = proc;
        this.open = open;
        this.listener = listener;
        this.binder = binder;
    }

    static void writeToKernel(Path file, String text) throws IOException {
        Files.write(file, text.getBytes(StandardCharsets.US_ASCII), StandardOpenOption.WRITE);
    }

    @Override
    public String scheme() {
        return HostScan.SCHEME;
    }

    @Override
    public List<HostDeviceDTO> scan() {
        return look().all();
    }

    @Override
    public HostDeviceDTO bind(DeviceAddress address, String driver) throws VirtioException {
        if (move(address, driver)) {
            listener.appeared(PciAddress.parse(address.location()));
        }
        return now(PciAddress.parse(address.location()));
    }

    /** Returns whether the function can be had now though the kernel says nothing: it had no driver, and has none. */
    private synchronized boolean move(DeviceAddress address, String driver) throws VirtioException {
        HostScan scan = look();
        HostFunction function = find(scan, address);
        String wanted = driver == null ? function.bestDriver() : driver;
        if (!Drivers.CHOICES.contains(wanted)) {
            throw new IllegalArgumentException("'" + wanted + "' is no driver to choose; there are: "
                + String.join(", ", Drivers.CHOICES));
        }
        refuse(function.address(), "is in use", scan.use(function));
        refuse(function.address(), "cannot be attached", function.modern().reason);
        if (Drivers.isVfio(wanted)) {
            refuse(function.address(), "cannot be bound to " + wanted, scan.whyNotViable(function));
        } else if (function.isTranslated()) {
            refuse(function.address(), "cannot be attached by way of " + wanted,
                "it is behind an IOMMU that translates addresses; choose " + Drivers.VFIO);
        }
        boolean already = wanted.equals(Drivers.NONE) ? function.setAside() : wanted.equals(function.driver());
        if (!already) {
            binder.bind(function.address(), wanted);
        }
        return wanted.equals(Drivers.NONE) && function.driver() == null;
    }

    private static void refuse(PciAddress function, String what, String reason) throws VirtioException {
        if (reason != null) {
            throw new VirtioException(HostScan.SCHEME + ":" + function + " " + what + ": " + reason);
        }
    }

    @Override
    public synchronized HostDeviceDTO unbind(DeviceAddress address) throws VirtioException {
        HostScan scan = look();
        HostFunction function = find(scan, address);
        if (function.driver() == null || Drivers.isForProcesses(function.driver())) {
            refuse(function.address(), "is in use", scan.use(function));
        }
        binder.giveBack(function.address());
        return now(function.address());
    }

    private HostScan look() {
        return new HostScan(sysfs, proc, open);
    }

    private static HostFunction find(HostScan scan, DeviceAddress address) throws VirtioException {
        HostFunction function = scan.find(PciAddress.parse(address.location()));
        if (function == null) {
            throw new VirtioException("there is no virtio device at " + HostScan.SCHEME + ":" + address.location());
        }
        return function;
    }

    private HostDeviceDTO now(PciAddress address) throws VirtioException {
        HostScan scan = look();
        return scan.describe(find(scan, DeviceAddress.parse(HostScan.SCHEME + ":" + address)));
    }
}
