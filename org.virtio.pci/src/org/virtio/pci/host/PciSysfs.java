// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.virtio.pci.access.PciAddress;
import org.virtio.spec.PciDeviceId;

/**
 * Where things are in sysfs, and which virtio functions it shows.
 *
 * @param root {@code /sys}
 */
record PciSysfs(Path root) {
    /** What the kernel shows where a function has no driver override. */
    private static final String NO_OVERRIDE = "(null)";
    Path directory(PciAddress function) {
        return root.resolve("bus/pci/devices/" + function);
    }

    Path driverDirectory(String driver) {
        return root.resolve("bus/pci/drivers/" + driver);
    }

    Path probe() {
        return root.resolve("bus/pci/drivers_probe");
    }

    Path override(PciAddress function) {
        return directory(function).resolve("driver_override");
    }

    Path unbind(PciAddress function) {
        return directory(function).resolve("driver/unbind");
    }

    /** The kernel's driver that a function is bound to, or null. */
    String driver(PciAddress function) {
        return KernelFiles.target(directory(function).resolve("driver"));
    }

    /** The only driver that a function may be bound to; empty if there is no such rule. */
    String overrideOf(PciAddress function) {
        String text = KernelFiles.text(override(function));
        return text.equals(NO_OVERRIDE) ? "" : text;
    }

    boolean hasDriver(String driver) {
        return Files.isDirectory(driverDirectory(driver));
    }

    boolean isVirtio(PciAddress function) {
        Path directory = directory(function);
        return PciDeviceId.isVirtio(KernelFiles.hex(directory.resolve("vendor")), KernelFiles.hex(directory.resolve("device")));
    }

    /** All virtio functions, by address. */
    List<PciAddress> virtioFunctions() {
        List<PciAddress> functions = new ArrayList<>();
        for (Path directory : KernelFiles.children(root.resolve("bus/pci/devices"))) {
            PciAddress address = address(KernelFiles.name(directory));
            if (address != null && isVirtio(address)) {
                functions.add(address);
            }
        }
        functions.sort(null);
        return functions;
    }

    /** The address that a text is, or null. */
    static PciAddress address(String text) {
        try {
            return PciAddress.parse(text);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}
