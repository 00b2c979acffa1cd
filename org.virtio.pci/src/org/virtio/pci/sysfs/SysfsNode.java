// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.sysfs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
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
    /** What the kernel shows where a function has no driver override. */
    private static final String NO_OVERRIDE = "(null)";

    /** The function's directory, or where it would be. */
    public Path directory() {
        return bus("devices/" + address);
    }

    /** A file of the bus, or what may be one. */
    public Path bus(String name) {
        return sys.resolve("bus/pci").resolve(name);
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
        return KernelFiles.target(file("driver"));
    }

    /** The only driver that the function may be bound to; empty if there is no such rule. */
    public String driverOverride() {
        String text = KernelFiles.text(file("driver_override"));
        return text.equals(NO_OVERRIDE) ? "" : text;
    }

    /** Whether it has no driver, and none may be bound to it: one that merely has none may get one at any moment. */
    public boolean isSetAside() {
        return driver() == null && driverOverride().equals(Drivers.NONE);
    }

    /** Whether the kernel has a driver of that name. */
    boolean hasDriver(String name) {
        return Files.isDirectory(bus("drivers/" + name));
    }

    /** The IOMMU group that the function is in, or null if the kernel has it behind no IOMMU. */
    public IommuGroup iommuGroup() {
        return IommuGroup.of(directory());
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

    private String bindTo(String wanted) {
        return "as root: " + String.join("; ", new HandOver().move(this, wanted).commands());
    }

    /**
     * Checks that the addresses by which the function reaches memory are physical ones.
     *
     * @throws IOException with what to do, if an IOMMU translates them
     */
    public void checkNotTranslated() throws IOException {
        IommuGroup group = iommuGroup();
        if (group != null && group.translates()) {
            throw new IOException(address + " is behind an IOMMU that translates addresses (group " + group.name() + ", type "
                + (group.type().isEmpty() ? "not known" : group.type()) + "), so that it cannot be given physical ones; use "
                + "vfio-pci instead, " + bindTo(Drivers.VFIO));
        }
    }
}
