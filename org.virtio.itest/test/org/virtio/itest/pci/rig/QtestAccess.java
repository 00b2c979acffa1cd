// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.IOException;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.virtio.itest.support.Await;
import org.virtio.pci.access.AccessPath;
import org.virtio.pci.access.PciAddress;
import org.virtio.pci.access.PciFunction;

/** The functions of one machine. A function can be opened once at a time. */
final class QtestAccess implements AccessPath {
    static final String NAME = "qtest";

    private final QtestSocket qtest;
    private final PciHierarchy hierarchy;
    private final GuestMemory memory;
    private final Doorbell doorbell;
    private final InterruptLines interrupts;
    /** Null if there is none. */
    private final Iommu iommu;
    private final Map<PciAddress, QtestFunction> open = new ConcurrentHashMap<>();
    /** Functions that were asked for: as with VFIO, whose driver is no longer theirs then, nobody opens them once more. */
    private final Set<PciAddress> asked = ConcurrentHashMap.newKeySet();
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();

    QtestAccess(QtestSocket qtest, PciHierarchy hierarchy, GuestMemory memory, Doorbell doorbell, InterruptLines interrupts,
            Iommu iommu) {
        this.qtest = qtest;
        this.hierarchy = hierarchy;
        this.memory = memory;
        this.doorbell = doorbell;
        this.interrupts = interrupts;
        this.iommu = iommu;
    }

    QtestSocket qtest() {
        return qtest;
    }

    GuestMemory memory() {
        return memory;
    }

    Doorbell doorbell() {
        return doorbell;
    }

    InterruptLines interrupts() {
        return interrupts;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public boolean reaches(PciAddress address) {
        return hierarchy.bars(address) != null && !asked.contains(address);
    }

    @Override
    public synchronized PciFunction open(PciAddress address) throws IOException {
        if (!reaches(address)) {
            throw new IOException(asked.contains(address) ? "the host asks for " + address + " back"
                : "the machine has no function " + address + "; it has " + hierarchy.functions());
        }
        if (open.containsKey(address)) {
            throw new IOException(address + " is open already");
        }
        AddressSpace space = iommu == null ? AddressSpace.PHYSICAL : iommu.space(address);
        try {
            QtestFunction function = new QtestFunction(this, address, hierarchy.bars(address), space);
            open.put(address, function);
            return function;
        } catch (IOException e) {
            space.close();
            throw e;
        }
    }

    /** A function could not be closed as it should be. */
    void failed(Throwable failure) {
        // What a machine held that is dead died with it.
        if (qtest.isAlive()) {
            failures.add(failure);
        }
    }

    /** Fails if a function could not be closed as it should be. */
    void checkFailures() {
        if (!failures.isEmpty()) {
            throw new AssertionError("a function could not be closed: " + failures, failures.peek());
        }
    }

    void closed(QtestFunction function) {
        open.remove(function.address(), function);
    }

    /** Asks for a function back. */
    void request(PciAddress address) {
        QtestFunction function = open.get(address);
        if (function != null) {
            asked.add(address);
            function.removalRequest().signal();
        }
    }

    /** Waits until a function is not open. */
    void awaitClosed(PciAddress address) {
        Await.until(address + " was asked for, and is closed", () -> !open.containsKey(address));
    }

    /** From now on a function is gone, whether it is open or not. */
    synchronized void end(PciAddress address) {
        hierarchy.forget(address);
        asked.remove(address);
        QtestFunction function = open.remove(address);
        if (function != null) {
            function.presence().end();
        }
    }
}
