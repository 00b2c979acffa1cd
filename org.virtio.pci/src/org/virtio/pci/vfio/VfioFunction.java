// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

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
import org.virtio.pci.dma.DeviceMemory;
import org.virtio.pci.sysfs.SysfsNode;
import org.virtio.posix.EventFd;
import org.virtio.transport.RegionLimits;

/** A function that VFIO has. */
final class VfioFunction implements PciFunction {
    private static final Logger LOG = LoggerFactory.getLogger(VfioFunction.class);

    private final SysfsNode node;
    private final VfioGroup group;
    private final VfioRegions regions;
    private final VfioInterrupts interrupts;
    private final DeviceMemory memory;
    /** Null if VFIO does not tell. */
    private final EventFd removalRequest;
    private final Runnable afterwards;
    private boolean closed;

    /** What is open of a function. */
    record Parts(VfioGroup group, VfioRegions regions, VfioInterrupts interrupts, EventFd removalRequest) {
    }

    /**
     * A function that is open.
     *
     * @param afterwards run when this is closed, as the last: closes the parts
     */
    VfioFunction(SysfsNode node, Parts parts, Runnable afterwards) {
        this.node = node;
        this.group = parts.group();
        this.regions = parts.regions();
        this.interrupts = parts.interrupts();
        this.removalRequest = parts.removalRequest();
        this.memory = group.newMemory();
        this.afterwards = afterwards;
    }

    @Override
    public Registers config() {
        return regions.config();
    }

    @Override
    public Registers bar(int index) throws IOException {
        return regions.bar(index);
    }

    @Override
    public boolean isIoBar(int index) throws IOException {
        return node.isIoBar(index);
    }

    @Override
    public long map(MemoryRegion region) throws IOException {
        return memory.map(region);
    }

    @Override
    public void unmap(MemoryRegion region) throws IOException {
        memory.unmap(region);
    }

    @Override
    public boolean isTranslated() {
        return memory.isTranslated();
    }

    @Override
    public RegionLimits regionLimits() {
        return memory.limits();
    }

    @Override
    public int vectors() {
        return interrupts.vectors();
    }

    @Override
    public void enableVectors(List<EventFd> signals) throws IOException {
        interrupts.enableVectors(signals);
    }

    @Override
    public boolean hasIntx() {
        return interrupts.hasIntx();
    }

    @Override
    public Intx enableIntx() throws IOException {
        return interrupts.enableIntx();
    }

    @Override
    public void disableInterrupts() throws IOException {
        interrupts.disable();
    }

    @Override
    public EventFd removalRequest() {
        return removalRequest;
    }

    @Override
    public Map<String, Object> details() {
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("iommu", group.iommu());
        details.put("iommu group", group.name());
        details.put("memory regions", memory.toStrings());
        return details;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            CommandRegister.clear(config(), ConfigHeaderLayout.COMMAND_BUS_MASTER);
        } catch (IOException e) {
            LOG.warn("{} could not be cut off from memory; that the kernel takes it away will do", node.address(), e);
        }
        try {
            interrupts.disable();
        } catch (IOException e) {
            LOG.warn("{}: interrupts could not be disabled; that the kernel closes it will do", node.address(), e);
        }
        memory.close();
        afterwards.run();
    }
}
