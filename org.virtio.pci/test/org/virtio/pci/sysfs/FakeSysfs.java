// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.sysfs;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.virtio.pci.access.PciAddress;

/**
 * A tree of plain files and links as sysfs has them for one function, which is there from the beginning: a virtio block device
 * without a driver and set aside, disabled.
 */
public final class FakeSysfs {
    /** Where the function is. */
    public static final PciAddress ADDRESS = PciAddress.parse("0000:00:05.0");

    private static final int CONFIG_SIZE = 256;
    private static final int COMMAND = 4;
    private static final int INTERRUPT_PIN = 0x3d;
    private static final int RESOURCES = 13;
    private static final int VIRTIO_BLK = 0x1042_1af4;

    private final Path sys;
    private final Path dev;
    private final Path function;
    private final List<String> resources = new ArrayList<>(Collections.nCopies(RESOURCES, line(0, 0, 0)));

    /** Makes the tree in an empty directory: {@code sys} and {@code dev}. */
    public FakeSysfs(Path root) throws IOException {
        sys = root.resolve("sys");
        dev = Files.createDirectories(root.resolve("dev"));
        function = addFunction(ADDRESS.toString());
    }

    /** Adds a further function. */
    public Path addFunction(String address) throws IOException {
        Path directory = Files.createDirectories(sys.resolve("bus/pci/devices").resolve(address));
        ByteBuffer config = ByteBuffer.allocate(CONFIG_SIZE).order(ByteOrder.LITTLE_ENDIAN);
        config.putInt(0, VIRTIO_BLK).putShort(COMMAND, (short) 3).put(INTERRUPT_PIN, (byte) 1);
        Files.write(directory.resolve("config"), config.array());
        Files.write(directory.resolve("resource"), resources);
        Files.writeString(directory.resolve("enable"), "0\n");
        Files.writeString(directory.resolve("irq"), "11\n");
        Files.writeString(directory.resolve("driver_override"), "none\n");
        return directory;
    }

    /** What is the parameter of an access path. */
    public Path sys() {
        return sys;
    }

    /** What is the parameter of an access path. */
    public Path dev() {
        return dev;
    }

    /** A file of the function's directory. */
    public Path file(String name) {
        return function.resolve(name);
    }

    /** Binds the function to a driver. */
    public FakeSysfs bind(String driver) throws IOException {
        return bind(ADDRESS.toString(), driver);
    }

    /** Binds a function to a driver. */
    public FakeSysfs bind(String address, String driver) throws IOException {
        Path link = sys.resolve("bus/pci/devices").resolve(address).resolve("driver");
        Files.createSymbolicLink(link, Path.of("../../../../bus/pci/drivers/" + driver));
        return this;
    }

    /** Puts functions into an IOMMU group of a type, null if the kernel does not tell. */
    public FakeSysfs group(String number, String type, String... addresses) throws IOException {
        Path group = Files.createDirectories(sys.resolve("kernel/iommu_groups").resolve(number));
        Path members = Files.createDirectories(group.resolve("devices"));
        for (String address : addresses) {
            Path directory = sys.resolve("bus/pci/devices").resolve(address);
            Files.createSymbolicLink(directory.resolve("iommu_group"), Path.of("../../../../kernel/iommu_groups/" + number));
            Files.createSymbolicLink(members.resolve(address), directory);
        }
        if (type != null) {
            Files.writeString(group.resolve("type"), type + "\n");
        }
        return this;
    }

    /** Gives the function a base address register that maps memory. */
    public FakeSysfs memoryBar(int index, long start, int size) throws IOException {
        return bar(index, line(start, start + size - 1, 0x0014_0204), size);
    }

    /** Gives the function a base address register that maps I/O space. */
    public FakeSysfs ioBar(int index, long start, int size) throws IOException {
        return bar(index, line(start, start + size - 1, 0x0004_0101), size);
    }

    private FakeSysfs bar(int index, String line, int size) throws IOException {
        resources.set(index, line);
        Files.write(file("resource"), resources);
        Files.write(file("resource" + index), new byte[size]);
        return this;
    }

    private static String line(long start, long end, long flags) {
        return String.format("0x%016x 0x%016x 0x%016x", start, end, flags);
    }

    /** The function's command register. */
    public int command() throws IOException {
        return ByteBuffer.wrap(Files.readAllBytes(file("config"))).order(ByteOrder.LITTLE_ENDIAN).getShort(COMMAND) & 0xffff;
    }

    /** Writes the function's command register as the kernel or the transport would. */
    public FakeSysfs command(int value) throws IOException {
        try (RandomAccessFile config = new RandomAccessFile(file("config").toFile(), "rw")) {
            config.seek(COMMAND);
            config.write(value);
            config.write(value >> Byte.SIZE);
        }
        return this;
    }
}
