// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.sysfs;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.memory.MemoryRegion;
import org.virtio.pci.access.Intx;
import org.virtio.pci.access.PciFunction;
import org.virtio.pci.access.Registers;
import org.virtio.pci.capability.CommandRegister;
import org.virtio.pci.capability.ConfigHeaderLayout;
import org.virtio.pci.dma.PhysicalMemory;
import org.virtio.posix.EventFd;
import org.virtio.transport.RegionLimits;

/** A function that is reached through its files of sysfs and knows physical addresses; by itself it has no interrupts. */
public class SysfsFunction implements PciFunction {
    private static final Logger LOG = LoggerFactory.getLogger(SysfsFunction.class);

    private final SysfsNode node;
    private final SysfsRegisters registers;
    private final PhysicalMemory memory = new PhysicalMemory();
    private final String driver;
    private final Runnable afterwards;
    private boolean closed;
    private boolean quiet;

    /**
     * A function that is open.
     *
     * @param afterwards run when this is closed, as the last: closes the registers, too
     */
    protected SysfsFunction(SysfsNode node, SysfsRegisters registers, Runnable afterwards) {
        this.node = node;
        this.registers = registers;
        this.driver = node.driver();
        this.afterwards = afterwards;
    }

    @Override
    public final Registers config() {
        return registers.config();
    }

    @Override
    public final Registers bar(int index) throws IOException {
        return registers.bar(index);
    }

    @Override
    public final boolean isIoBar(int index) throws IOException {
        return node.isIoBar(index);
    }

    @Override
    public final long map(MemoryRegion region) throws IOException {
        return memory.map(region);
    }

    @Override
    public final void unmap(MemoryRegion region) {
        memory.unmap(region);
    }

    @Override
    public final boolean isTranslated() {
        return memory.isTranslated();
    }

    @Override
    public final RegionLimits regionLimits() {
        return memory.limits();
    }

    @Override
    public final int vectors() {
        return 0;
    }

    @Override
    public final void enableVectors(List<EventFd> signals) throws IOException {
        throw new IOException(node.address() + ": MSI-X interrupts need vfio-pci");
    }

    @Override
    public boolean hasIntx() {
        return false;
    }

    @Override
    public Intx enableIntx() throws IOException {
        throw new IOException(node.address() + " has no INTx interrupt, or the path cannot deliver it");
    }

    @Override
    public void disableInterrupts() throws IOException {
        CommandRegister.set(config(), ConfigHeaderLayout.COMMAND_INTX_DISABLE);
    }

    @Override
    public final EventFd removalRequest() {
        return null;
    }

    @Override
    public Map<String, Object> details() {
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("iommu", "none");
        details.put("memory regions", memory.toStrings());
        return details;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        quiet = cutOff();
        if (!quiet && !memory.toStrings().isEmpty()) {
            LOG.error("{} may still write to memory, which is kept for good: {}", node.address(), memory.toStrings());
            memory.keep();
        }
        memory.close();
        afterwards.run();
    }

    @Override
    public final boolean isQuiet() {
        return quiet;
    }

    /**
     * Keeps the function from memory. Another driver of the kernel's that has it by now may need it as it is, and of those one
     * alone has reset it.
     *
     * @return whether the function is certain not to write any more
     */
    boolean cutOff() {
        String now = node.driver();
        boolean taken = now != null && !now.equals(driver);
        if (Drivers.VIRTIO.equals(now)) {
            LOG.warn("{} has been taken by {}, which has reset it", node.address(), now);
            return true;
        }
        if (taken) {
            LOG.warn("{} has been taken by {}", node.address(), now);
        } else if (!node.exists()) {
            LOG.info("{} has been removed", node.address());
        }
        try {
            if (!taken || Drivers.isPassive(now)) {
                CommandRegister.clear(config(), ConfigHeaderLayout.COMMAND_BUS_MASTER);
            }
            if (!taken) {
                disableInterrupts();
            }
            return !taken;
        } catch (IOException e) {
            LOG.error("{} could not be cut off from memory", node.address(), e);
            return false;
        }
    }
}
