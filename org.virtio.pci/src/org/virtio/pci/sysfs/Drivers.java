// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.sysfs;
import java.util.List;

/** The kernel's drivers that matter here. */
public final class Drivers {
    /** VFIO's driver for any function. */
    public static final String VFIO = "vfio-pci";
    /** UIO's driver for any function. */
    public static final String UIO = "uio_pci_generic";
    /** No driver, and none to come by itself: no driver has this name, which is then the only one that may bind. */
    public static final String NONE = "none";
    /** What a function can be bound to, so that it can be attached. */
    public static final List<String> CHOICES = List.of(VFIO, UIO, NONE);

    /** The kernel's own driver for virtio functions, which resets them when it takes them. */
    static final String VIRTIO = "virtio-pci";
    /** Does nothing with a function. */
    static final String STUB = "pci-stub";

    private Drivers() {
    }

    /** Whether a driver is VFIO's own, or a variant of it for one kind of device, such as {@code virtio_vfio_pci}. */
    public static boolean isVfio(String driver) {
        return driver != null && driver.contains("vfio");
    }

    /** Whether a driver leaves the function to a process. */
    public static boolean isForProcesses(String driver) {
        return isVfio(driver) || UIO.equals(driver);
    }

    /** Whether a driver by itself has no use for a function, nor does anything with it. */
    static boolean isPassive(String driver) {
        return isForProcesses(driver) || STUB.equals(driver);
    }
}
