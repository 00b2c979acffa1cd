// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.virtio.pci.access.PciAddress;
import org.virtio.pci.dma.DeviceMemory;
import org.virtio.pci.dma.PhysicalMemory;
import org.virtio.pci.sysfs.DeviceFiles;
import org.virtio.pci.sysfs.IommuGroup;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.Ioctl;
import org.virtio.posix.PosixException;

/**
 * An IOMMU group: the functions that the IOMMU cannot tell apart, and so the smallest thing that VFIO hands out. It is in a
 * container of its own. Without an IOMMU there is one for each function.
 */
final class VfioGroup implements AutoCloseable {
    private final String name;
    private final FileDescriptor fd;
    private final VfioContainer container;
    private final String iommu;
    /** Null without an IOMMU. */
    private final IovaSpace space;

    private VfioGroup(String name, FileDescriptor fd, VfioContainer container, boolean noIommu) throws IOException {
        this.name = name;
        this.fd = fd;
        this.container = container;
        this.iommu = container.setIommu(noIommu);
        this.space = noIommu ? null : new IovaSpace(container.ranges());
    }

    /** Opens a group. */
    static VfioGroup open(IommuGroup of, Path dev) throws IOException {
        String number = of.name();
        Path unsafe = dev.resolve("vfio/noiommu-" + number);
        boolean noIommu = Files.exists(unsafe);
        Path path = noIommu ? unsafe : dev.resolve("vfio/" + number);
        VfioContainer container = VfioContainer.open(dev);
        FileDescriptor fd = null;
        boolean opened = false;
        try {
            fd = DeviceFiles.open(path, true, "is the /dev of this process that of the host?");
            checkViable(fd, of);
            enter(fd, container);
            VfioGroup group = new VfioGroup(number, fd, container, noIommu);
            opened = true;
            return group;
        } catch (IOException e) {
            throw new IOException("IOMMU group " + number + ": " + e.getMessage(), e);
        } finally {
            if (!opened) {
                close(fd, container);
            }
        }
    }

    private static void checkViable(FileDescriptor fd, IommuGroup group) throws IOException {
        ByteBuffer status = VfioRequest.structure(GroupStatusLayout.SIZE);
        Ioctl.ioctl(fd, VfioRequest.GROUP_GET_STATUS, status);
        if ((status.getInt(GroupStatusLayout.FLAGS) & GroupStatusLayout.FLAG_VIABLE) == 0) {
            throw new IOException("its functions have to be handed over together, and now "
                + group.obstacles().stream().map(Object::toString).collect(Collectors.joining(", "))
                + "; bind each to vfio-pci or to no driver");
        }
    }

    private static void enter(FileDescriptor fd, VfioContainer container) throws IOException {
        ByteBuffer argument = ByteBuffer.allocateDirect(Integer.BYTES).order(ByteOrder.nativeOrder());
        Ioctl.ioctl(fd, VfioRequest.GROUP_SET_CONTAINER, argument.putInt(0, container.fd().intValue()));
    }

    /** Opens a function of the group. */
    FileDescriptor open(PciAddress address) throws IOException {
        byte[] name = (address + "\0").getBytes(StandardCharsets.US_ASCII);
        try {
            return FileDescriptor.adopt(
                Ioctl.ioctl(fd, VfioRequest.GROUP_GET_DEVICE_FD, ByteBuffer.allocateDirect(name.length).put(0, name)));
        } catch (PosixException e) {
            throw new IOException("VFIO does not open " + address + ": " + e.getMessage(), e);
        }
    }

    /** The memory that one of its functions can reach; none yet. */
    DeviceMemory newMemory() {
        return space == null ? new PhysicalMemory() : new VfioMemory(container, space);
    }

    /** Its number. */
    String name() {
        return name;
    }

    /** The kernel's driver for the IOMMU, or {@code none}. */
    String iommu() {
        return iommu;
    }

    @Override
    public void close() {
        close(fd, container);
    }

    private static void close(FileDescriptor fd, VfioContainer container) {
        if (fd != null) {
            fd.close();
        }
        container.close();
    }
}
