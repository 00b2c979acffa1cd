// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.virtio.pci.access.FunctionListener;
import org.virtio.pci.access.PciAddress;

/**
 * A host of directories, files and links laid out as in sysfs and procfs, and the little of a kernel that moves its functions
 * from driver to driver.
 */
final class FakeHost implements SysfsWriter, FunctionListener {
    final Path sysfs;
    final Path proc;
    /** What was written, as {@code text > file}, with files below sysfs alone. */
    final List<String> written = new ArrayList<>();
    /** What was told besides by the kernel. */
    final List<String> told = new ArrayList<>();
    /** Drivers that take no function, and files that cannot be written. */
    final Set<String> refusing = new HashSet<>();

    FakeHost(Path root) {
        sysfs = root.resolve("sys");
        proc = root.resolve("proc");
        mkdir(sysfs.resolve("bus/pci/devices"));
        mkdir(sysfs.resolve("bus/pci/drivers"));
        mkdir(sysfs.resolve("block"));
        file(proc, "sys/vm/nr_hugepages", "0");
        file(proc, "sys/vm/nr_overcommit_hugepages", "0");
        mkdir(proc.resolve("7"));
        link(proc.resolve("self"), Path.of("7"));
        driver("virtio-pci");
    }

    /** The functions of this host, moved by way of its files or of others. */
    PciHostDevices devices(OpenFunctions open, SysfsWriter writer, Duration patience) {
        PciSysfs functions = new PciSysfs(sysfs);
        return new PciHostDevices(open, this, functions, proc, new DriverBinder(functions, writer, patience));
    }

    @Override
    public void appeared(PciAddress address) {
        told.add("appeared " + address);
    }

    @Override
    public void unbound(PciAddress address) {
        told.add("unbound " + address);
    }

    @Override
    public void removed(PciAddress address) {
        told.add("removed " + address);
    }

    private static void mkdir(Path directory) {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void file(Path directory, String name, String text) {
        file(directory, name, (text + "\n").getBytes());
    }

    static void file(Path directory, String name, byte[] content) {
        mkdir(directory.resolve(name).getParent());
        try {
            Files.write(directory.resolve(name), content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void link(Path link, Path target) {
        mkdir(link.getParent());
        try {
            Files.deleteIfExists(link);
            Files.createSymbolicLink(link, target);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Loads a driver. */
    FakeHost driver(String name) {
        mkdir(sysfs.resolve("bus/pci/drivers/" + name));
        return this;
    }

    /** Plugs in a function with the modern interface. */
    Path function(String address, int device) {
        return function(address, 0x1af4, device);
    }

    Path function(String address, int vendor, int device) {
        Path directory = sysfs.resolve("devices/pci0000:00/" + address);
        file(directory, "vendor", String.format("0x%04x", vendor));
        file(directory, "device", String.format("0x%04x", device));
        file(directory, "subsystem_device", "0x1100");
        file(directory, "class", "0x018000");
        file(directory, "driver_override", "(null)");
        file(directory, "config", Config.modern());
        link(sysfs.resolve("bus/pci/devices/" + address), directory);
        return directory;
    }

    /** Plugs in a function of that kind which the kernel's own driver has. */
    Path bound(String address, int device) {
        Path function = function(address, device);
        bind(function, "virtio-pci");
        return function;
    }

    void bind(Path function, String driver) {
        driver(driver);
        link(function.resolve("driver"), sysfs.resolve("bus/pci/drivers/" + driver));
    }

    void group(String number, String type, Path... functions) {
        Path group = sysfs.resolve("kernel/iommu_groups/" + number);
        file(group, "type", type);
        for (Path function : functions) {
            link(group.resolve("devices/" + function.getFileName()), function);
            link(function.resolve("iommu_group"), group);
        }
    }

    /** Adds a disk, or a partition of one if it has a number, below a directory. */
    Path disk(Path parent, String name, String number, String partition) {
        Path disk = parent.resolve(name);
        file(disk, "dev", number);
        mkdir(disk.resolve("holders"));
        if (partition != null) {
            file(disk, "partition", partition);
        }
        return disk;
    }

    /** Makes the table of mounts, of lines such as {@code 254:1 / ext4 /dev/vda1}. */
    void mounts(String... mounts) {
        StringBuilder lines = new StringBuilder();
        for (String mount : mounts) {
            String[] words = mount.split(" ");
            lines.append("26 1 ").append(words[0]).append(" / ").append(words[1]).append(" rw,relatime shared:1 - ")
                .append(words[2]).append(' ').append(words[3]).append(" rw,discard\n");
        }
        file(proc, "7/mountinfo", lines.toString());
    }

    void opens(int process, String name, String file) {
        file(proc, process + "/comm", name);
        link(proc.resolve(process + "/fd/3"), Path.of(file));
    }

    @Override
    public void write(Path file, String text) throws IOException {
        String name = sysfs.relativize(file).toString();
        if (!Files.exists(file.getParent())) {
            throw new NoSuchFileException(file.toString());
        }
        if (refusing.contains(name)) {
            throw new IOException("Invalid argument");
        }
        written.add(text.strip() + " > " + name);
        switch (file.getFileName().toString()) {
            case "driver_override" -> file(file.getParent(), "driver_override", text.isBlank() ? "(null)" : text.strip());
            case "unbind" -> Files.delete(sysfs.resolve("bus/pci/devices/" + text + "/driver"));
            case "bind" -> bind(sysfs.resolve("bus/pci/devices/" + text), file.getParent().getFileName().toString());
            case "drivers_probe" -> probe(sysfs.resolve("bus/pci/devices/" + text));
            default -> throw new IOException("nobody writes to " + file);
        }
    }

    private void probe(Path function) throws IOException {
        String override = Files.readString(function.resolve("driver_override")).strip();
        String driver = override.equals("(null)") ? "virtio-pci" : override;
        if (!refusing.contains(driver) && Files.exists(sysfs.resolve("bus/pci/drivers/" + driver))) {
            bind(function, driver);
        }
    }
}
