// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.virtio.pci.sysfs.DeviceFiles;
import org.virtio.posix.Errno;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.Ioctl;
import org.virtio.posix.PosixException;

/** A container of VFIO: what the functions of one group can reach by DMA. Thread-safe, as the kernel is. */
final class VfioContainer implements AutoCloseable {
    private static final int TYPE1 = 1;
    private static final int TYPE1_V2 = 3;
    private static final int NO_IOMMU = 8;

    private final FileDescriptor fd;

    private VfioContainer(FileDescriptor fd) {
        this.fd = fd;
    }

    static VfioContainer open(Path dev) throws IOException {
        FileDescriptor fd = DeviceFiles.open(dev.resolve("vfio/vfio"), true, "as root: modprobe vfio-pci");
        VfioContainer container = new VfioContainer(fd);
        try {
            int version = Ioctl.ioctl(fd, VfioRequest.GET_API_VERSION, 0);
            if (version != 0) {
                throw new IOException("the kernel has version " + version + " of VFIO's interface; expected 0");
            }
            return container;
        } catch (IOException e) {
            container.close();
            throw e;
        }
    }

    FileDescriptor fd() {
        return fd;
    }

    /**
     * Says by which of the kernel's drivers the IOMMU is used. A group has to be in the container.
     *
     * @return the driver's name
     */
    String setIommu(boolean none) throws IOException {
        int type = none ? NO_IOMMU : translating();
        try {
            Ioctl.ioctl(fd, VfioRequest.SET_IOMMU, type);
        } catch (PosixException e) {
            throw new IOException("the IOMMU cannot be used: " + e.getMessage() + (e.errno() != Errno.EPERM ? "" : "; if the"
                + " machine cannot remap interrupts (dmesg says so), it takes, as root:"
                + " echo 1 > /sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts"), e);
        }
        return type == NO_IOMMU ? "none" : type == TYPE1 ? "type1" : "type1v2";
    }

    private int translating() throws IOException {
        if (Ioctl.ioctl(fd, VfioRequest.CHECK_EXTENSION, TYPE1_V2) > 0) {
            return TYPE1_V2;
        }
        if (Ioctl.ioctl(fd, VfioRequest.CHECK_EXTENSION, TYPE1) > 0) {
            return TYPE1;
        }
        throw new IOException("the kernel has no driver of VFIO for an IOMMU of type 1; as root: modprobe vfio_iommu_type1");
    }

    List<IovaRange> ranges() throws IOException {
        return IommuInfo.ranges(fd);
    }

    /** Has the IOMMU translate addresses of the device to ones of this process, whose pages stay where they are then. */
    void mapDma(long address, long iova, long size) throws IOException {
        ByteBuffer map = VfioRequest.structure(DmaMapLayout.SIZE)
            .putInt(DmaMapLayout.FLAGS, DmaMapLayout.FLAG_READ | DmaMapLayout.FLAG_WRITE)
            .putLong(DmaMapLayout.VADDR, address).putLong(DmaMapLayout.IOVA, iova).putLong(DmaMapLayout.LENGTH, size);
        try {
            Ioctl.ioctl(fd, VfioRequest.IOMMU_MAP_DMA, map);
        } catch (PosixException e) {
            String what = size + " bytes cannot be made visible to the device: " + e.getMessage();
            throw new IOException(e.errno() == Errno.ENOMEM ? what + "; they have to stay in memory, and this process may lock "
                + LockedMemory.limit() + ": raise that (ulimit -l, LimitMEMLOCK= of a systemd unit), or let it have the"
                + " capability CAP_IPC_LOCK" : what, e);
        }
    }

    void unmapDma(long iova, long size) throws IOException {
        ByteBuffer unmap = VfioRequest.structure(DmaUnmapLayout.SIZE)
            .putLong(DmaUnmapLayout.IOVA, iova).putLong(DmaUnmapLayout.LENGTH, size);
        Ioctl.ioctl(fd, VfioRequest.IOMMU_UNMAP_DMA, unmap);
        if (unmap.getLong(DmaUnmapLayout.LENGTH) != size) {
            throw new IOException("of " + size + " bytes that the device sees, the kernel took away "
                + unmap.getLong(DmaUnmapLayout.LENGTH));
        }
    }

    @Override
    public void close() {
        fd.close();
    }
}
