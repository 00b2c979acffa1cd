// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.virtio.pci.access.AccessPath;
import org.virtio.pci.access.PciAddress;
import org.virtio.pci.access.PciFunction;
import org.virtio.pci.sysfs.Claims;
import org.virtio.pci.sysfs.Drivers;
import org.virtio.pci.sysfs.IommuGroup;
import org.virtio.pci.sysfs.SysfsNode;
import org.virtio.pci.sysfs.Undo;
import org.virtio.posix.EventFd;
import org.virtio.posix.FileDescriptor;

/** Reaches functions that are bound to {@code vfio-pci}, or to a driver for one kind of function that is built on it. */
@Component
public final class VfioAccess implements AccessPath {
    private final Path sys;
    private final Claims claims = new Claims();
    private final VfioGroups groups;

    /** The functions of this machine. */
    @Activate
    public VfioAccess() {
        this(Path.of("/sys"), Path.of("/dev"));
    }

    /** Functions of which a sysfs tells, and whose device files are in a directory. */
    public VfioAccess(Path sys, Path dev) {
        this.sys = sys;
        this.groups = new VfioGroups(dev);
    }

    @Override
    public String name() {
        return "vfio";
    }

    @Override
    public boolean reaches(PciAddress address) {
        return Drivers.isVfio(new SysfsNode(sys, address).driver());
    }

    @Override
    public PciFunction open(PciAddress address) throws IOException {
        SysfsNode node = new SysfsNode(sys, address);
        node.checkExists();
        if (!reaches(address)) {
            throw node.notBoundTo(Drivers.VFIO);
        }
        IommuGroup of = node.iommuGroup();
        if (of == null) {
            throw new IOException(address + " is in no IOMMU group: switch the machine's IOMMU on (firmware, and intel_iommu=on"
                + " on the kernel's command line), or use uio_pci_generic");
        }
        try (Undo undo = new Undo()) {
            claims.claim(address);
            undo.add(() -> claims.release(address));
            VfioGroup group = groups.acquire(of);
            undo.add(() -> groups.release(of.name()));
            FileDescriptor fd = group.open(address);
            undo.add(fd::close);
            VfioDevice device = new VfioDevice(fd);
            VfioRegions regions = new VfioRegions(device);
            undo.add(regions::close);
            VfioInterrupts interrupts = new VfioInterrupts(device);
            undo.add(interrupts::close);
            EventFd removal = removalRequest(device);
            if (removal != null) {
                undo.add(removal::close);
            }
            VfioFunction.Parts parts = new VfioFunction.Parts(group, regions, interrupts, removal);
            return new VfioFunction(node, parts, undo.keep());
        }
    }

    private static EventFd removalRequest(VfioDevice device) throws IOException {
        if (device.irqCount(VfioDevice.REQUEST_IRQ) == 0) {
            return null;
        }
        EventFd signal = EventFd.create();
        boolean done = false;
        try {
            device.enable(VfioDevice.REQUEST_IRQ, List.of(signal));
            done = true;
            return signal;
        } finally {
            if (!done) {
                signal.close();
            }
        }
    }
}
