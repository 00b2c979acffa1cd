// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.sysfs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.virtio.pci.access.PciAddress;

/**
 * What sysfs says of one function, read anew at each call. Only looks.
 *
 * @param sys     where sysfs is mounted: {@code /sys}
 * @param address of the function
 */
public record SysfsNode(Path sys, PciAddress address) {
    /** How many base address registers a function has. */
    private static final int BARS = 6;
    /** Drivers that stand in nobody's way: of bridges, and of what is to be left alone. */
    private static final Set<String> HARMLESS = Set.of("pcieport", "pci-stub");

    private Path directory() {
        return sys.resolve("bus/pci/devices").resolve(address.toString());
    }

    /** A file of the function's directory, or what may be one. */
    public Path file(String name) {
        return directory().resolve(name);
    }

    /** Whether there is such a function. */
    public boolean exists() {
        return Files.isDirectory(directory());
    }

    /** The kernel's driver that the function is bound to, or null. */
    public String driver() {
        return linked("driver");
    }

    /** Whether it has no driver, and none may be bound to it: one that merely has none may get one at any moment. */
    public boolean isSetAside() {
        try {
            return driver() == null && Drivers.NONE.equals(text("driver_override"));
        } catch (IOException gone) {
            return false;
        }
    }

    /** The number of the IOMMU group that the function is in, or null if the kernel has it behind no IOMMU. */
    public String iommuGroup() {
        return linked("iommu_group");
    }

    private Path groupDirectory() {
        return sys.resolve("kernel/iommu_groups").resolve(Objects.requireNonNull(iommuGroup(), "no IOMMU group"));
    }

    /** What the IOMMU does for the function's group, such as {@code DMA} or {@code identity}; null if that is not known. */
    public String iommuType() {
        try {
            return iommuGroup() == null ? null : Files.readString(groupDirectory().resolve("type")).strip();
        } catch (IOException unknown) {
            return null;
        }
    }

    /** Each other function of the function's IOMMU group that is bound to a driver which VFIO does not suffer, and to which. */
    public List<String> obstacles() throws IOException {
        List<String> members = new ArrayList<>();
        try (Stream<Path> devices = Files.list(groupDirectory().resolve("devices"))) {
            for (Path device : devices.sorted(Comparator.comparing(Path::toString)).toList()) {
                SysfsNode member = new SysfsNode(sys, PciAddress.parse(device.getFileName().toString()));
                String driver = member.driver();
                if (driver != null && !driver.contains("vfio") && !HARMLESS.contains(driver) && !member.equals(this)) {
                    members.add(device.getFileName() + " is bound to " + driver);
                }
            }
        }
        return members;
    }

    /** The contents of a file, without the line's end. */
    String text(String name) throws IOException {
        try {
            return Files.readString(file(name)).strip();
        } catch (NoSuchFileException e) {
            throw new IOException(file(name) + " is not there: the function was removed, or this is no sysfs", e);
        }
    }

    /** Whether a base address register maps I/O space; false also if it maps nothing. */
    public boolean isIoBar(int index) throws IOException {
        return resource(index).isIo();
    }

    /** What lies behind a base address register. */
    SysfsResource resource(int index) throws IOException {
        Objects.checkIndex(index, BARS);
        List<String> lines = Files.readAllLines(file("resource"));
        if (index >= lines.size()) {
            throw new IOException(file("resource") + " has " + lines.size() + " lines; expected at least " + BARS);
        }
        try {
            return SysfsResource.parse(lines.get(index));
        } catch (IllegalArgumentException e) {
            throw new IOException(file("resource") + ": " + e.getMessage(), e);
        }
    }

    /** Whether the function has an interrupt line that the kernel knows. */
    public boolean hasIrq() {
        try {
            return !"0".equals(text("irq"));
        } catch (IOException none) {
            return false;
        }
    }

    /** The name of what a symbolic link in the directory points to, or null. */
    private String linked(String name) {
        try {
            return Files.readSymbolicLink(file(name)).getFileName().toString();
        } catch (IOException none) {
            return null;
        }
    }

    /**
     * Checks that there is such a function.
     *
     * @throws IOException with what to do, if not
     */
    public void checkExists() throws IOException {
        if (!exists()) {
            throw new IOException("there is no PCI function " + address + " (no " + directory()
                + "); lspci -D lists those that there are");
        }
    }

    /** What to say of a function that has to be bound to another driver, with the commands for it. */
    public IOException notBoundTo(String wanted) {
        String driver = driver();
        return new IOException(address + " is bound to " + (driver == null ? "no driver of the kernel's" : driver) + ", not to "
            + wanted + "; " + bindTo(wanted));
    }

    /** The commands that bind the function to a driver. */
    public String bindTo(String wanted) {
        String unbind = driver() == null ? "" : "echo " + address + " > " + file("driver/unbind") + "; ";
        return "as root: modprobe " + wanted + "; echo " + wanted + " > " + file("driver_override") + "; " + unbind + "echo "
            + address + " > " + sys.resolve("bus/pci/drivers_probe");
    }

    /**
     * Checks that the addresses by which the function reaches memory are physical ones.
     *
     * @throws IOException with what to do, if an IOMMU translates them
     */
    public void checkNotTranslated() throws IOException {
        String type = iommuType();
        if (iommuGroup() != null && !"identity".equals(type)) {
            throw new IOException(address + " is behind an IOMMU that translates addresses (group " + iommuGroup() + ", type "
                + (type == null ? "not known" : type) + "), so that it cannot be given physical ones; use vfio-pci instead, "
                + bindTo(Drivers.VFIO));
        }
    }
}
