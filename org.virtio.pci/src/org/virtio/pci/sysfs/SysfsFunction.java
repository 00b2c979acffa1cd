// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.sysfs;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
        cutOff();
        memory.close();
        afterwards.run();
    }

    /** Not if another driver of the kernel's has the function by now, which has reset it, and needs it as it is. */
    private void cutOff() {
        if (!Objects.equals(driver, node.driver())) {
            LOG.warn("{} has been taken by {}", node.address(), node.driver());
            return;
        }
        try {
            CommandRegister.clear(config(), ConfigHeaderLayout.COMMAND_BUS_MASTER);
            disableInterrupts();
        } catch (IOException e) {
            LOG.error("{} could not be cut off from memory, which is kept for good: {}", node.address(), memory.toStrings(), e);
            memory.keep();
        }
    }
}
