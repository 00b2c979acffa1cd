// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.uio;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.virtio.pci.access.AccessPath;
import org.virtio.pci.access.PciAddress;
import org.virtio.pci.access.PciFunction;
import org.virtio.pci.sysfs.Claims;
import org.virtio.pci.sysfs.DeviceFiles;
import org.virtio.pci.sysfs.Drivers;
import org.virtio.pci.sysfs.SysfsNode;
import org.virtio.pci.sysfs.SysfsRegisters;
import org.virtio.pci.sysfs.Undo;
import org.virtio.posix.FileDescriptor;

/**
 * Reaches functions that are bound to {@code uio_pci_generic}: with INTx interrupts, without an IOMMU. While one is open so is
 * its device file, and the kernel cuts the function off from memory when this process dies.
 */
@Component
public final class UioAccess implements AccessPath {
    /** Of configuration space: which of the four interrupt pins the function uses, 0 if none. */
    private static final int INTERRUPT_PIN = 0x3d;

    private final Path sys;
    private final Path dev;
    private final Claims claims = new Claims();

    /** The functions of this machine. */
    @Activate
    public UioAccess() {
        this(Path.of("/sys"), Path.of("/dev"));
    }

    /** Functions of which a sysfs tells, and whose device files are in a directory. */
    public UioAccess(Path sys, Path dev) {
        this.sys = sys;
        this.dev = dev;
    }

    @Override
    public String name() {
        return "uio";
    }

    @Override
    public boolean reaches(PciAddress address) {
        return Drivers.UIO.equals(new SysfsNode(sys, address).driver());
    }

    @Override
    public PciFunction open(PciAddress address) throws IOException {
        SysfsNode node = new SysfsNode(sys, address);
        node.checkExists();
        if (!reaches(address)) {
            throw node.notBoundTo(Drivers.UIO);
        }
        node.checkNotTranslated();
        Path device = dev.resolve(deviceName(node));
        try (Undo undo = new Undo()) {
            claims.claim(address);
            undo.add(() -> claims.release(address));
            FileDescriptor file = DeviceFiles.open(device, false, "is the /dev of this process that of the host?");
            undo.add(file::close);
            SysfsRegisters registers = SysfsRegisters.open(node);
            undo.add(registers::close);
            UioInterrupt interrupt = new UioInterrupt(file, registers.config());
            boolean hasIntx = node.hasIrq() && registers.config().read8(INTERRUPT_PIN) != 0;
            return new UioFunction(node, registers, hasIntx ? interrupt : null, undo.keep());
        }
    }

    private static String deviceName(SysfsNode node) throws IOException {
        try (Stream<Path> devices = Files.list(node.file("uio"))) {
            return devices.map(path -> path.getFileName().toString()).findFirst().orElseThrow(() ->
                new IOException(node.file("uio") + " is empty; expected a UIO device, such as uio0"));
        } catch (NoSuchFileException e) {
            throw new IOException(node.file("uio") + " is not there; expected a UIO device in it, such as uio0", e);
        }
    }
}
