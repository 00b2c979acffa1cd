// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.IOException;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.virtio.memory.MemoryRegion;
import org.virtio.pci.access.Intx;
import org.virtio.pci.access.PciAddress;
import org.virtio.pci.access.PciFunction;
import org.virtio.pci.access.Registers;
import org.virtio.posix.EventFd;
import org.virtio.transport.RegionLimits;

/** A function of a device in QEMU. */
final class QtestFunction implements PciFunction {
    /** The messages go to one register, in this page. */
    private static final long PAGE = 4096;

    private final QtestAccess access;
    private final PciConfig config;
    private final IntxSwitch intxSwitch;
    private final List<Bar> bars;
    private final Presence presence;
    private final AddressSpace space;
    private final EventFd removal;
    private final MsixTable msix;
    private final Map<Integer, Registers> opened = new HashMap<>();
    private final Map<MemoryRegion, Mapped> mapped = new IdentityHashMap<>();
    /** What ends the interrupts that are enabled, or null. */
    private Ending interrupts;
    private boolean closed;

    /** Memory of the machine, and where the function finds it. */
    private record Mapped(GuestMemory.Module module, long deviceAddress) {
    }

    /** Ends something. */
    @FunctionalInterface
    private interface Ending {
        void end() throws IOException;
    }

    QtestFunction(QtestAccess access, PciAddress address, List<Bar> bars, AddressSpace space) throws IOException {
        this.access = access;
        this.bars = bars;
        this.space = space;
        this.presence = new Presence();
        PciConfig raw = PciConfig.of(access.qtest(), address, presence);
        this.intxSwitch = new IntxSwitch(raw.registers());
        this.config = new PciConfig(address, intxSwitch);
        this.msix = MsixTable.of(config, this::bar);
        this.removal = EventFd.create();
    }

    PciAddress address() {
        return config.address();
    }

    Presence presence() {
        return presence;
    }

    @Override
    public Registers config() {
        return config.registers();
    }

    @Override
    public Registers bar(int index) throws IOException {
        Registers registers = opened.get(index);
        if (registers == null) {
            registers = find(index).registers(access.qtest(), presence);
            opened.put(index, registers);
        }
        return registers;
    }

    private Bar find(int index) throws IOException {
        return bars.stream().filter(bar -> bar.index() == index).findFirst()
            .orElseThrow(() -> new IOException(address() + " has nothing behind base address register " + index));
    }

    @Override
    public boolean isIoBar(int index) {
        return bars.stream().anyMatch(bar -> bar.index() == index && bar.io());
    }

    @Override
    public long map(MemoryRegion region) throws IOException {
        if (mapped.containsKey(region)) {
            throw new IOException("this region is mapped already");
        }
        GuestMemory.Module module = access.memory().plug(region);
        try {
            long deviceAddress = space.map(module.address(), region.size());
            mapped.put(region, new Mapped(module, deviceAddress));
            return deviceAddress;
        } catch (IOException e) {
            access.memory().pull(module);
            throw e;
        }
    }

    @Override
    public void unmap(MemoryRegion region) throws IOException {
        Mapped one = mapped.remove(region);
        if (one != null) {
            unmap(one);
        }
    }

    private void unmap(Mapped one) throws IOException {
        space.unmap(one.deviceAddress());
        access.memory().pull(one.module());
    }

    @Override
    public boolean isTranslated() {
        return space != AddressSpace.PHYSICAL;
    }

    @Override
    public RegionLimits regionLimits() {
        return RegionLimits.NONE;
    }

    @Override
    public int vectors() {
        return msix == null ? 0 : Math.min(msix.size(), Doorbell.MAX_VECTORS);
    }

    @Override
    public void enableVectors(List<EventFd> signals) throws IOException {
        if (signals.isEmpty() || signals.size() > vectors()) {
            throw new IOException(
                signals.size() + " vectors; expected at least one, and no more than the function's " + vectors());
        }
        checkNoInterrupts();
        Doorbell doorbell = access.doorbell();
        int data = doorbell.connect(signals);
        long register = doorbell.register();
        long page = space.map(register & -PAGE, PAGE);
        interrupts = () -> {
            msix.disable();
            space.unmap(page);
            doorbell.disconnect(data);
        };
        msix.enable(signals.size(), page + (register & PAGE - 1), data);
    }

    @Override
    public boolean hasIntx() {
        try {
            return config.registers().read8(PciLayout.INTERRUPT_PIN) != 0;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public Intx enableIntx() throws IOException {
        checkNoInterrupts();
        QtestIntx intx = access.interrupts().open(intxSwitch);
        interrupts = intx::close;
        return intx;
    }

    private void checkNoInterrupts() throws IOException {
        if (interrupts != null) {
            throw new IOException("interrupts of " + address() + " are enabled already");
        }
    }

    @Override
    public void disableInterrupts() throws IOException {
        Ending enabled = interrupts;
        interrupts = null;
        if (enabled != null) {
            enabled.end();
        }
    }

    @Override
    public EventFd removalRequest() {
        return removal;
    }

    @Override
    public Map<String, Object> details() {
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("access", QtestAccess.NAME);
        details.put("iommu", space != AddressSpace.PHYSICAL);
        return details;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        attempt(() -> config.command(PciLayout.COMMAND_MASTER, 0));
        attempt(this::disableInterrupts);
        attempt(space::close);
        mapped.values().forEach(one -> attempt(() -> access.memory().pull(one.module())));
        mapped.clear();
        removal.close();
        access.closed(this);
    }

    /** Each step of closing has its own try. */
    private void attempt(Ending step) {
        try {
            step.end();
        } catch (IOException | AssertionError e) {
            access.failed(e);
        }
    }
}
