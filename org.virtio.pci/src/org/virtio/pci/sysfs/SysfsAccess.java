// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.sysfs;

import java.io.IOException;
import java.nio.file.Path;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.pci.access.AccessPath;
import org.virtio.pci.access.PciAddress;
import org.virtio.pci.access.PciFunction;
import org.virtio.pci.capability.CommandRegister;
import org.virtio.pci.capability.ConfigHeaderLayout;
import org.virtio.posix.Errno;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.FileValues;
import org.virtio.posix.PosixException;

/**
 * Reaches functions that no driver of the kernel's has or can get, through sysfs: without interrupts, and without an IOMMU.
 * Nothing in the kernel notices if this process dies; the function then goes on writing to memory until it is reset.
 */
@Component
public final class SysfsAccess implements AccessPath {
    private static final Logger LOG = LoggerFactory.getLogger(SysfsAccess.class);

    private final Path sys;
    private final Claims claims = new Claims();

    /** The functions of this machine. */
    @Activate
    public SysfsAccess() {
        this(Path.of("/sys"));
    }

    /** Functions of which a sysfs tells. */
    public SysfsAccess(Path sys) {
        this.sys = sys;
    }

    @Override
    public String name() {
        return "sysfs";
    }

    @Override
    public boolean reaches(PciAddress address) {
        return new SysfsNode(sys, address).isSetAside();
    }

    @Override
    public PciFunction open(PciAddress address) throws IOException {
        SysfsNode node = new SysfsNode(sys, address);
        node.checkExists();
        if (!node.isSetAside()) {
            throw new IOException(address + (node.driver() == null ? " has no driver, but may get one at any moment"
                : " is bound to " + node.driver()) + "; set it aside: virtio:bind " + address + " --driver none --yes");
        }
        node.checkNotTranslated();
        try (Undo undo = new Undo()) {
            claims.claim(address);
            undo.add(() -> claims.release(address));
            undo.add(enable(node));
            SysfsRegisters registers = SysfsRegisters.open(node);
            undo.add(registers::close);
            // Nobody listens, and a line that stays asserted would take the interrupts of those away that share it.
            CommandRegister.set(registers.config(), ConfigHeaderLayout.COMMAND_INTX_DISABLE);
            return new SysfsFunction(node, registers, undo.keep());
        }
    }

    /**
     * Enables a function, unless it is enabled.
     *
     * @return undoes that
     */
    private static Runnable enable(SysfsNode node) throws IOException {
        if (!"0".equals(node.text("enable"))) {
            return () -> { };
        }
        try {
            write(node, '1');
        } catch (PosixException e) {
            throw new IOException(node.address() + " cannot be enabled: " + e.getMessage()
                + (e.errno() == Errno.EPERM ? "; run this process as root, or with the capability CAP_SYS_ADMIN" : ""), e);
        }
        return () -> disable(node);
    }

    private static void disable(SysfsNode node) {
        try {
            if (node.exists()) {
                write(node, '0');
            }
        } catch (IOException e) {
            LOG.warn("{} could not be disabled", node.address(), e);
        }
    }

    private static void write(SysfsNode node, char value) throws IOException {
        String ifMissing = "the function was removed, or this is no sysfs";
        try (FileDescriptor file = DeviceFiles.open(node.file("enable"), true, ifMissing)) {
            FileValues.write(file, 0, Byte.BYTES, value);
        }
    }
}
