// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

import java.nio.file.Path;
import org.virtio.pci.access.PciAddress;
import org.virtio.pci.sysfs.Drivers;
import org.virtio.pci.sysfs.IommuGroup;
import org.virtio.pci.sysfs.KernelFiles;
import org.virtio.pci.sysfs.SysfsNode;
import org.virtio.spec.PciDeviceId;

/**
 * A virtio function as sysfs showed it at one moment.
 *
 * @param id     vendor and device, such as {@code 1af4:1042}
 * @param type   the short name of its type, or null
 * @param driver the kernel's driver that it is bound to, or null
 * @param setAside whether it has no driver, and none may be bound to it
 * @param group  or null
 */
record HostFunction(PciAddress address, String id, String type, String driver, boolean setAside, IommuGroup group,
    ModernInterface modern) {
    /** The virtio function of that address, or null if there is none. */
    static HostFunction read(PciSysfs sysfs, PciAddress address) {
        SysfsNode node = sysfs.node(address);
        Path directory = node.directory();
        int vendor = KernelFiles.hex(directory.resolve("vendor"));
        int device = KernelFiles.hex(directory.resolve("device"));
        if (!PciDeviceId.isVirtio(vendor, device)) {
            return null;
        }
        boolean modernId = !PciDeviceId.isTransitional(device);
        return new HostFunction(address, String.format("%04x:%04x", vendor, device),
            typeName(device, KernelFiles.hex(directory.resolve("subsystem_device"))), node.driver(), node.isSetAside(),
            node.iommuGroup(),
            ModernInterface.of(KernelFiles.bytes(directory.resolve("config")), modernId));
    }

    private static String typeName(int device, int subsystemDevice) {
        try {
            return PciDeviceId.type(device, subsystemDevice).shortName();
        } catch (IllegalArgumentException unassigned) {
            return null;
        }
    }

    /**
     * Whether the kernel has let go of it, for a process to take it. But by VFIO that is by physical addresses, which are of no
     * use behind an IOMMU that translates. One that merely has no driver may get one at any moment.
     */
    boolean isHandedOver() {
        return Drivers.isVfio(driver) || !isTranslated() && (setAside || Drivers.isForProcesses(driver));
    }

    /** Whether physical addresses mean nothing to it. */
    boolean isTranslated() {
        return group != null && group.translates();
    }

    /** Which driver to attach it by. */
    String bestDriver() {
        return group == null ? Drivers.UIO : Drivers.VFIO;
    }

    /** The driver that it is bound to, if that is one to attach it by, or else should be. */
    String driverToUse() {
        return isHandedOver() ? driver == null ? Drivers.NONE : driver : bestDriver();
    }
}
