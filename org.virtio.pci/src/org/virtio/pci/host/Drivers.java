// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

import java.util.List;

/** The kernel's drivers through which a function can be attached. */
final class Drivers {
    static final String VFIO = "vfio-pci";
    static final String UIO = "uio_pci_generic";
    /** No driver, and none to come by itself: no driver has this name, which is then the only one that may bind. */
    static final String NONE = "none";

    /** What a function can be bound to. */
    static final List<String> CHOICES = List.of(VFIO, UIO, NONE);

    private Drivers() {
    }

    /** Whether a driver is VFIO's own, or a variant of it for one kind of device, such as {@code virtio_vfio_pci}. */
    static boolean isVfio(String driver) {
        return driver != null && driver.contains("vfio");
    }

    /** Whether a driver leaves the function to a process. */
    static boolean isForProcesses(String driver) {
        return isVfio(driver) || UIO.equals(driver);
    }

    /** The best for a function that is behind an IOMMU, or is not. */
    static String best(IommuGroup group) {
        return group == null ? UIO : VFIO;
    }
}
