// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.virtio.pci.access.PciAddress;
import org.virtio.pci.sysfs.KernelFiles;
import org.virtio.pci.sysfs.SysfsNode;
import org.virtio.spec.PciDeviceId;

/**
 * Where things are in sysfs, and which virtio functions it shows.
 *
 * @param root {@code /sys}
 */
record PciSysfs(Path root) {
    SysfsNode node(PciAddress function) {
        return new SysfsNode(root, function);
    }

    Path driverDirectory(String driver) {
        return root.resolve("bus/pci/drivers/" + driver);
    }

    boolean hasDriver(String driver) {
        return Files.isDirectory(driverDirectory(driver));
    }

    /** The kernel's driver that a function is bound to, or null. */
    String driver(PciAddress function) {
        return node(function).driver();
    }

    boolean isVirtio(PciAddress function) {
        Path directory = node(function).directory();
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
