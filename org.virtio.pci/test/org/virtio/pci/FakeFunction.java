// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.virtio.memory.MemoryRegion;
import org.virtio.pci.access.Intx;
import org.virtio.pci.access.PciFunction;
import org.virtio.pci.access.Registers;
import org.virtio.pci.capability.ConfigHeaderLayout;
import org.virtio.posix.EventFd;
import org.virtio.spec.PciCapabilityLayout;
import org.virtio.spec.PciDeviceId;
import org.virtio.transport.RegionLimits;

/** A function that is laid out by a test and has no life of its own. */
public final class FakeFunction implements PciFunction {
    /** Its configuration space, in which nothing but the header's IDs is set at first. */
    public final MemoryRegisters config = new MemoryRegisters(ConfigHeaderLayout.CAPABILITIES_END);
    /** What is behind the base address registers. */
    public final Map<Integer, Registers> bars = new HashMap<>();
    /** Base address registers that map I/O space. */
    public final Set<Integer> ioBars = new HashSet<>();
    /** Whether it is certain to leave memory alone once it is closed. */
    public boolean quiet = true;
    /** Whether it is behind an IOMMU. */
    public boolean translated;
    /** Its INTx interrupt, or null. */
    public Intx intx;
    /** MSI-X vectors that it has, and of those the most that the host delivers. */
    public int vectors;
    public int deliverable;
    /** Those that are enabled. */
    public List<EventFd> signals = List.of();
    /** What was done, in order. */
    public final List<String> calls = Collections.synchronizedList(new ArrayList<>());
    private int lastCapability;

    /** A block device without capabilities. */
    public FakeFunction() {
        config.write16(ConfigHeaderLayout.VENDOR_ID, PciDeviceId.VENDOR);
        config.write16(ConfigHeaderLayout.DEVICE_ID, PciDeviceId.FIRST_MODERN + 2);
    }

    /** Puts a capability at an offset, at the end of the list. */
    public FakeFunction capability(int at, int id) {
        int pointer = lastCapability == 0 ? ConfigHeaderLayout.CAPABILITIES_POINTER : lastCapability + 1;
        config.write16(ConfigHeaderLayout.STATUS, ConfigHeaderLayout.STATUS_CAPABILITIES);
        config.write8(pointer, at);
        config.write8(at, id);
        lastCapability = at;
        return this;
    }

    /** Puts a virtio capability, of notifications with a multiplier of 4, at an offset, at the end of the list. */
    public FakeFunction structure(int at, int type, int bar, int offset, int length) {
        capability(at, PciCapabilityLayout.VENDOR_SPECIFIC);
        boolean more = type == PciCapabilityLayout.TYPE_NOTIFY || type == PciCapabilityLayout.TYPE_PCI;
        config.write8(at + PciCapabilityLayout.CAP_LEN, more ? PciCapabilityLayout.NOTIFY_SIZE : PciCapabilityLayout.SIZE);
        config.write8(at + PciCapabilityLayout.CFG_TYPE, type);
        config.write8(at + PciCapabilityLayout.BAR, bar);
        config.write32(at + PciCapabilityLayout.OFFSET, offset);
        config.write32(at + PciCapabilityLayout.LENGTH, length);
        if (more) {
            config.write32(at + PciCapabilityLayout.NOTIFY_OFF_MULTIPLIER, 4);
        }
        return this;
    }

    @Override
    public Registers config() {
        return config;
    }

    @Override
    public Registers bar(int index) throws IOException {
        if (!bars.containsKey(index)) {
            throw new IOException("BAR " + index + " maps nothing");
        }
        return bars.get(index);
    }

    @Override
    public boolean isIoBar(int index) {
        return ioBars.contains(index);
    }

    @Override
    public long map(MemoryRegion region) {
        return region.address();
    }

    @Override
    public void unmap(MemoryRegion region) {
        calls.add("unmap");
    }

    @Override
    public boolean isTranslated() {
        return translated;
    }

    @Override
    public RegionLimits regionLimits() {
        return RegionLimits.NONE;
    }

    @Override
    public int vectors() {
        return vectors;
    }

    @Override
    public void enableVectors(List<EventFd> wanted) throws IOException {
        if (wanted.size() > deliverable) {
            throw new IOException("the host has no more than " + deliverable + " interrupts left");
        }
        signals = List.copyOf(wanted);
        calls.add("enableVectors " + wanted.size());
    }

    @Override
    public boolean hasIntx() {
        return intx != null;
    }

    @Override
    public Intx enableIntx() {
        return intx;
    }

    @Override
    public void disableInterrupts() {
        calls.add("disableInterrupts");
    }

    @Override
    public EventFd removalRequest() {
        return null;
    }

    @Override
    public Map<String, Object> details() {
        return Map.of();
    }

    @Override
    public boolean isQuiet() {
        return quiet;
    }

    @Override
    public void close() {
        calls.add("close");
    }
}
