// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.device.DeviceAddress;
import org.virtio.device.VirtioException;
import org.virtio.host.HostDeviceListener;
import org.virtio.pci.access.AccessPath;
import org.virtio.pci.access.FunctionListener;
import org.virtio.pci.access.PciAddress;
import org.virtio.pci.access.PciFunction;
import org.virtio.pci.host.OpenFunctions;
import org.virtio.posix.EventLoop;
import org.virtio.posix.PosixException;
import org.virtio.transport.Transport;
import org.virtio.transport.TransportListener;
import org.virtio.transport.TransportProvider;

/**
 * Opens virtio devices that are PCI functions, by whichever access path reaches them.
 *
 * <p>One thread serves all of them: it takes the interrupts that concern no single queue, and calls the listeners.
 */
@Component(service = {TransportProvider.class, FunctionListener.class, OpenFunctions.class})
public final class PciProvider implements TransportProvider, FunctionListener, OpenFunctions {
    private static final String SCHEME = "pci";
    private static final Logger LOG = LoggerFactory.getLogger(PciProvider.class);
    /** Twice what the core waits for a device's reset, and for the owners of its queues. */
    private static final long PATH_NANOS = TimeUnit.SECONDS.toNanos(20);
    private static final long STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final Map<PciAddress, Slot> open = new ConcurrentHashMap<>();
    private final List<AccessPath> paths = new CopyOnWriteArrayList<>();
    private final List<HostDeviceListener> hostListeners = new CopyOnWriteArrayList<>();
    /** Functions that no path reached when they were to be opened last. */
    private final Set<PciAddress> missed = ConcurrentHashMap.newKeySet();
    private final EventLoop loop;

    /** A function that is open or being opened. */
    private static final class Slot {
        private volatile AccessPath path;
        /** Why it is not to be had any more, or null. */
        private volatile String gone;
        /** Null while it is being opened. */
        private volatile PciTransport transport;

        /** This stores why, then looks for the transport; who opens it does so the other way round. */
        void remove(String reason) {
            gone = reason;
            removeIfGone();
        }

        void removeIfGone() {
            PciTransport opened = transport;
            if (gone != null && opened != null) {
                opened.removed(gone);
            }
        }
    }

    /** Starts the thread. */
    @Activate
    public PciProvider() throws PosixException {
        loop = EventLoop.start("virtio-pci events");
    }

    /** Closes what is still open, and ends the thread. */
    @Deactivate
    public void deactivate() {
        for (Slot slot : open.values()) {
            if (slot.transport != null) {
                slot.transport.close();
            }
        }
        loop.close();
    }

    /** A further way to reach functions. */
    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    public void bindPath(AccessPath path) {
        paths.add(path);
        paths.sort(Comparator.comparing(AccessPath::name));
        // Paths may come after those who want to use them, as when this bundle starts again.
        missed.stream().filter(path::reaches).filter(missed::remove).forEach(this::appeared);
    }

    /** A way to reach functions goes: when this returns, so have the devices that were opened by it, or their time is over. */
    public void unbindPath(AccessPath path) {
        paths.remove(path);
        open.values().stream().filter(slot -> slot.path == path)
            .forEach(slot -> slot.remove("the access path '" + path.name() + "' went"));
        long end = System.nanoTime() + PATH_NANOS;
        while (open.values().stream().anyMatch(slot -> slot.path == path)) {
            if (System.nanoTime() - end > 0) {
                LOG.warn("The access path '{}' goes, and a device that was opened by it was not closed in time", path.name());
                return;
            }
            LockSupport.parkNanos(STEP_NANOS);
        }
    }

    /** Who is to be told of devices that come and go. */
    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    public void bindHostListener(HostDeviceListener listener) {
        hostListeners.add(listener);
    }

    /** Who is not to be told any more. */
    public void unbindHostListener(HostDeviceListener listener) {
        hostListeners.remove(listener);
    }

    @Override
    public String scheme() {
        return SCHEME;
    }

    @Override
    public void check(DeviceAddress address) throws VirtioException {
        PciOptions options = PciOptions.of(address);
        if (options.access() != null && find(options) == null) {
            throw noPath(options);
        }
    }

    @Override
    public Transport open(DeviceAddress address, TransportListener listener) throws VirtioException {
        PciOptions options = PciOptions.of(address);
        Slot slot = new Slot();
        if (open.putIfAbsent(options.address(), slot) != null) {
            throw new VirtioException(options.address() + " is attached already");
        }
        try {
            return open(options, slot, listener);
        } catch (IOException e) {
            throw new VirtioException(options.address() + ": " + e.getMessage(), e);
        } finally {
            if (slot.transport == null) {
                open.remove(options.address(), slot);
            }
        }
    }

    private Transport open(PciOptions options, Slot slot, TransportListener listener) throws IOException {
        AccessPath path = path(options);
        slot.path = path;
        if (!paths.contains(path)) {
            throw new VirtioException("the access path '" + path.name() + "' went");
        }
        PciFunction function = path.open(options.address());
        PciTransport transport = null;
        boolean begun = false;
        try {
            OpenFunction device = OpenFunction.of(options, path.name(), function);
            transport = new PciTransport(device, loop, listener, () -> open.remove(options.address(), slot));
            transport.begin();
            begun = true;
            slot.transport = transport;
            slot.removeIfGone();
            return transport;
        } finally {
            if (!begun && transport != null) {
                transport.close();
            } else if (!begun) {
                function.close();
            }
        }
    }

    private AccessPath path(PciOptions options) throws VirtioException {
        AccessPath path = find(options);
        if (path == null) {
            // A path that comes now sees what is missed after it can be found, and here it is the other way round.
            missed.add(options.address());
            path = find(options);
        }
        if (path != null) {
            missed.remove(options.address());
            return path;
        }
        throw noPath(options);
    }

    private VirtioException noPath(PciOptions options) {
        String names = paths.stream().map(AccessPath::name).collect(Collectors.joining(", "));
        return new VirtioException(options.access() == null
            ? "no access path (" + names + ") reaches it: there is no such function, or a driver of the kernel's has it; "
                + "virtio:scan tells what to do"
            : "there is no access path '" + options.access() + "'; there are " + names);
    }

    /** Null if there is none. */
    private AccessPath find(PciOptions options) {
        for (AccessPath path : paths) {
            if (options.access() == null ? path.reaches(options.address()) : path.name().equals(options.access())) {
                return path;
            }
        }
        return null;
    }

    @Override
    public boolean isOpen(PciAddress address) {
        return open.containsKey(address);
    }

    @Override
    public void appeared(PciAddress address) {
        removeUnreachable(address, "another driver of the kernel's has the function now");
        loop.execute(() -> hostListeners.forEach(listener -> listener.appeared(address(address))));
    }

    @Override
    public void unbound(PciAddress address) {
        removeUnreachable(address, "the function was taken from the kernel's driver through which it was open");
    }

    /** A function that is open, and has been taken from its path, is lost as one that is gone. */
    private void removeUnreachable(PciAddress address, String reason) {
        Slot slot = open.get(address);
        if (slot != null && slot.path != null && !slot.path.reaches(address)) {
            slot.remove(reason);
        }
    }

    @Override
    public void removed(PciAddress address) {
        Slot slot = open.get(address);
        if (slot != null) {
            slot.remove("the function was removed from the host");
        }
        loop.execute(() -> hostListeners.forEach(listener -> listener.removed(address(address))));
    }

    private static DeviceAddress address(PciAddress address) {
        return DeviceAddress.parse(SCHEME + ":" + address);
    }
}
