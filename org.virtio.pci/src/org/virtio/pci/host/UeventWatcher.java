// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.pci.access.FunctionListener;
import org.virtio.pci.access.PciAddress;
import org.virtio.pci.sysfs.Drivers;
import org.virtio.posix.Epoll;
import org.virtio.posix.Errno;
import org.virtio.posix.EventLoop;
import org.virtio.posix.PosixException;

/**
 * Notices virtio functions that come and go, and those that a driver of the kernel's is bound to or taken from, by what the
 * kernel says of them. One thread, on which the listener is called.
 *
 * <p>If the kernel spoke faster than this listened, what sysfs has then is compared with what was known: of a function that went
 * and came back meanwhile nothing is told.
 */
@Component(service = {})
public final class UeventWatcher {
    private static final Logger LOG = LoggerFactory.getLogger(UeventWatcher.class);

    private final FunctionListener listener;
    private final PciSysfs sysfs;
    /** The drivers of all virtio functions, an empty one for none. Used by the thread alone, once that watches. */
    private final Map<PciAddress, String> known = new HashMap<>();
    /** Null, or closed already, if the kernel cannot be listened to. */
    private UeventSource source;
    private EventLoop events;

    /** Starts the thread. */
    @Activate
    public UeventWatcher(@Reference FunctionListener listener) {
        this(listener, new PciSysfs(Path.of("/sys")), UeventSource::ofKernel);
    }

    UeventWatcher(FunctionListener listener, PciSysfs sysfs, UeventSource.Opener opener) {
        this.listener = listener;
        this.sysfs = sysfs;
        try {
            // Before the first look, so that nothing happens between the two unnoticed.
            source = opener.open();
            known.putAll(drivers());
            events = EventLoop.start("virtio-pci uevents");
            events.watch(source.fd(), Epoll.IN, ready -> receive());
        } catch (PosixException e) {
            LOG.warn("Virtio functions that come and go will not be noticed: {}", e.getMessage());
            deactivate();
        }
    }

    /** Ends the thread, and waits for that. */
    @Deactivate
    public void deactivate() {
        if (events != null) {
            events.close();
        }
        if (source != null) {
            source.close();
        }
    }

    private void receive() {
        try {
            for (byte[] message = source.receive(); message != null; message = source.receive()) {
                handle(Uevent.parse(message));
            }
        } catch (PosixException e) {
            if (e.errno() == Errno.ENOBUFS || e.errno() == Errno.EMSGSIZE) {
                compare();
            } else {
                events.unwatch(source.fd());
                LOG.warn("Virtio functions that come and go will not be noticed any more: {}", e.getMessage());
            }
        }
    }

    private void handle(Uevent event) {
        PciAddress function = event.function();
        if (function == null) {
            return;
        }
        boolean isVirtio = event.isVirtio() || known.containsKey(function) || sysfs.isVirtio(function);
        switch (isVirtio ? event.action() : "") {
            case "add", "bind" -> {
                known.put(function, driver(function));
                listener.appeared(function);
            }
            case "unbind" -> {
                known.put(function, "");
                listener.unbound(function);
                if (isToStayUnbound(function)) {
                    listener.appeared(function);
                }
            }
            case "remove" -> {
                known.remove(function);
                listener.removed(function);
            }
            default -> LOG.trace("{}", event);
        }
    }

    /** Otherwise the next driver is about to be bound, and there is nothing to be had from it before. */
    private boolean isToStayUnbound(PciAddress function) {
        return sysfs.node(function).driverOverride().equals(Drivers.NONE);
    }

    private void compare() {
        Map<PciAddress, String> now = drivers();
        Map<PciAddress, String> before = Map.copyOf(known);
        known.clear();
        known.putAll(now);
        before.keySet().stream().filter(function -> !now.containsKey(function)).forEach(listener::removed);
        now.forEach((function, driver) -> {
            boolean isNew = !before.containsKey(function);
            boolean isUnbound = !isNew && driver.isEmpty();
            if (driver.equals(before.get(function))) {
                return;
            }
            if (isUnbound) {
                listener.unbound(function);
            }
            if (!isUnbound || isToStayUnbound(function)) {
                listener.appeared(function);
            }
        });
    }

    private Map<PciAddress, String> drivers() {
        Map<PciAddress, String> drivers = new HashMap<>();
        sysfs.virtioFunctions().forEach(function -> drivers.put(function, driver(function)));
        return drivers;
    }

    private String driver(PciAddress function) {
        return Objects.requireNonNullElse(sysfs.driver(function), "");
    }
}
