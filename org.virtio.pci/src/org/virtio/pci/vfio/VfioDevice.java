// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.virtio.posix.EventFd;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.Ioctl;

/** The requests to one open function. Thread-safe, as the kernel is. */
final class VfioDevice {
    /** Of the regions: the first base address register; the others follow. */
    static final int BAR0_REGION = 0;
    /** Of the regions: configuration space. */
    static final int CONFIG_REGION = 7;
    /** Of the interrupts: INTx. */
    static final int INTX_IRQ = 0;
    /** Of the interrupts: MSI-X. */
    static final int MSIX_IRQ = 2;
    /** Of the interrupts: the host asks for the function back. */
    static final int REQUEST_IRQ = 4;

    private final FileDescriptor fd;
    private final int irqs;

    VfioDevice(FileDescriptor fd) throws IOException {
        this.fd = fd;
        ByteBuffer info = VfioRequest.structure(DeviceInfoLayout.SIZE);
        Ioctl.ioctl(fd, VfioRequest.DEVICE_GET_INFO, info);
        if ((info.getInt(DeviceInfoLayout.FLAGS) & DeviceInfoLayout.FLAG_PCI) == 0) {
            throw new IOException("VFIO says that this is no PCI function");
        }
        this.irqs = info.getInt(DeviceInfoLayout.NUM_IRQS);
    }

    FileDescriptor fd() {
        return fd;
    }

    /**
     * A part of the device file.
     *
     * @param offset   where it begins, in bytes
     * @param size     in bytes, 0 if there is nothing
     * @param mappable whether it can be mapped, or parts of it
     */
    record Region(long offset, long size, boolean mappable) {
    }

    Region region(int index) throws IOException {
        ByteBuffer info = VfioRequest.structure(RegionInfoLayout.SIZE).putInt(RegionInfoLayout.INDEX, index);
        Ioctl.ioctl(fd, VfioRequest.DEVICE_GET_REGION_INFO, info);
        return new Region(info.getLong(RegionInfoLayout.OFFSET), info.getLong(RegionInfoLayout.REGION_SIZE),
            (info.getInt(RegionInfoLayout.FLAGS) & RegionInfoLayout.FLAG_MMAP) != 0);
    }

    /** How many interrupts of a kind can signal eventfds. */
    int irqCount(int index) throws IOException {
        if (index >= irqs) {
            return 0;
        }
        ByteBuffer info = VfioRequest.structure(IrqInfoLayout.SIZE).putInt(IrqInfoLayout.INDEX, index);
        Ioctl.ioctl(fd, VfioRequest.DEVICE_GET_IRQ_INFO, info);
        return (info.getInt(IrqInfoLayout.FLAGS) & IrqInfoLayout.FLAG_EVENTFD) == 0 ? 0 : info.getInt(IrqInfoLayout.COUNT);
    }

    /** Enables all interrupts of a kind for which there are signals, from the first on. */
    void enable(int index, List<EventFd> signals) throws IOException {
        ByteBuffer set = irqSet(index, IrqSetLayout.FLAG_DATA_EVENTFD | IrqSetLayout.FLAG_ACTION_TRIGGER, signals.size(),
            signals.size() * Integer.BYTES);
        for (int i = 0; i < signals.size(); i++) {
            set.putInt(IrqSetLayout.SIZE + i * Integer.BYTES, signals.get(i).fd().intValue());
        }
        int available = Ioctl.ioctl(fd, VfioRequest.DEVICE_SET_IRQS, set);
        if (available > 0) {
            throw new IOException("the host has no more than " + available + " interrupts left for the function, of "
                + signals.size());
        }
    }

    /** Disables all interrupts of a kind. */
    void disable(int index) throws IOException {
        Ioctl.ioctl(fd, VfioRequest.DEVICE_SET_IRQS,
            irqSet(index, IrqSetLayout.FLAG_DATA_NONE | IrqSetLayout.FLAG_ACTION_TRIGGER, 0, 0));
    }

    /** Unmasks the first interrupt of a kind. */
    void unmask(int index) throws IOException {
        Ioctl.ioctl(fd, VfioRequest.DEVICE_SET_IRQS,
            irqSet(index, IrqSetLayout.FLAG_DATA_NONE | IrqSetLayout.FLAG_ACTION_UNMASK, 1, 0));
    }

    private static ByteBuffer irqSet(int index, int flags, int count, int dataSize) {
        return VfioRequest.structure(IrqSetLayout.SIZE + dataSize).putInt(IrqSetLayout.FLAGS, flags)
            .putInt(IrqSetLayout.INDEX, index).putInt(IrqSetLayout.COUNT, count);
    }
}
