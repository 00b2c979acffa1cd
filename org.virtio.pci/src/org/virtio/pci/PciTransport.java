// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import static org.virtio.pci.capability.ConfigHeaderLayout.NO_FUNCTION;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.memory.MemoryRegion;
import org.virtio.pci.access.MappedRegisters;
import org.virtio.pci.access.PciFunction;
import org.virtio.posix.Epoll;
import org.virtio.posix.EventFd;
import org.virtio.posix.EventLoop;
import org.virtio.spec.DeviceStatus;
import org.virtio.spec.DeviceType;
import org.virtio.spec.Feature;
import org.virtio.spec.PciCommonConfigLayout;
import org.virtio.transport.QueueNotifier;
import org.virtio.transport.QueueSetup;
import org.virtio.transport.RegionLimits;
import org.virtio.transport.Transport;
import org.virtio.transport.TransportListener;

/**
 * One device, as a driver reaches it over PCI (VIRTIO 1.3, section 4.1). What the listener is told it is told on the event
 * loop's thread.
 */
final class PciTransport implements Transport, DeviceEvents {
    private static final int ALL_ONES = 0xff;

    private final OpenFunction open;
    private final PciFunction function;
    private final CommonConfig common;
    private final DeviceRegisters config;
    private final PciQueues queues;
    private final EventLoop loop;
    private final TransportEvents events;
    private final Runnable closeHandler;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final AtomicReference<String> failure = new AtomicReference<>();
    private FeatureSet accepted = FeatureSet.NONE;
    private Interrupts interrupts;
    private int queueLimit;
    /** Of the configuration when it was last looked at, on the event loop's thread. */
    private int generation;

    /**
     * Takes a function over.
     *
     * @param closeHandler called once when this is closed
     */
    PciTransport(OpenFunction open, EventLoop loop, TransportListener listener, Runnable closeHandler) {
        this.open = open;
        this.function = open.function();
        this.common = new CommonConfig(open.structures().common());
        this.config = new DeviceRegisters(open.structures().device());
        this.queues = new PciQueues(open, common, this);
        this.loop = loop;
        this.events = new TransportEvents(loop, listener);
        this.closeHandler = closeHandler;
    }

    /** Begins to listen to the device; nothing but {@link #close()} may be called before this has returned. */
    void begin() throws IOException {
        checkTranslation();
        queueLimit = open.options().queues() == 0 ? Integer.MAX_VALUE : open.options().queues();
        // What the device says later does not count: there is an interrupt for so many.
        queueLimit = usableQueues();
        generation = common.generation();
        interrupts = Interrupts.of(open, queueLimit, loop, this);
        EventFd request = function.removalRequest();
        if (request != null) {
            loop.watch(request.fd(), Epoll.IN, ready -> {
                request.drain();
                events.removed("the host asks for the function back");
            });
        }
    }

    /**
     * A device that does not offer ACCESS_PLATFORM goes around the IOMMU (section 6): what it is told would be taken for
     * physical addresses, and it would write to memory of others.
     */
    private void checkTranslation() throws IOException {
        if (function.isTranslated() && !common.deviceFeatures().contains(Feature.ACCESS_PLATFORM)) {
            throw new VirtioException("the device does not offer ACCESS_PLATFORM, so it takes no notice of the IOMMU that it is "
                + "behind, and would access the memory of others; have it offer that (QEMU: iommu_platform=on), or attach it by "
                + "uio_pci_generic with the IOMMU off");
        }
    }

    private int usableQueues() throws IOException {
        int there = common.queues();
        checkPresenceIf(there == NO_FUNCTION);
        return Math.min(queueLimit, there);
    }

    /** The function is gone. Any thread. */
    void removed(String reason) {
        fail(reason);
        events.removed(reason);
    }

    /** Something that asks the function. */
    @FunctionalInterface
    private interface Access<T> {
        T run() throws IOException;
    }

    /** What the device says wrong is no failure of the transport; what cannot be reached is. */
    private <T> T access(Access<T> access) throws VirtioException {
        check();
        try {
            return access.run();
        } catch (VirtioException e) {
            throw e;
        } catch (IOException e) {
            throw fail(e.getMessage());
        } catch (InternalError e) {
            throw fail(MappedRegisters.lost(e).getMessage());
        }
    }

    private void check() throws VirtioException {
        if (failure.get() != null) {
            throw new VirtioException(failure.get());
        }
    }

    private VirtioException fail(String reason) {
        if (failure.compareAndSet(null, reason)) {
            events.failed(reason);
        }
        return new VirtioException(failure.get());
    }

    @Override
    public void broken(IOException cause) {
        if (!closed.get()) {
            fail(cause.getMessage());
        }
    }

    @Override
    public void configurationChanged() {
        look(true);
    }

    @Override
    public void configurationMayHaveChanged() {
        look(false);
    }

    private void look(boolean changed) {
        try {
            int status = common.status();
            checkPresenceIf(status == ALL_ONES);
            int before = generation;
            generation = common.generation();
            if ((status & DeviceStatus.DEVICE_NEEDS_RESET) != 0) {
                fail("the device has met an error that it cannot recover from: it set DEVICE_NEEDS_RESET");
            } else if (changed || generation != before) {
                events.configurationChanged();
            }
        } catch (IOException e) {
            broken(e);
        } catch (InternalError e) {
            broken(MappedRegisters.lost(e));
        }
    }

    private void checkPresenceIf(boolean suspicious) throws IOException {
        if (suspicious) {
            open.checkPresence();
        }
    }

    @Override
    public DeviceType deviceType() {
        return open.type();
    }

    @Override
    public int status() throws VirtioException {
        return access(() -> {
            int status = common.status();
            checkPresenceIf(status == 0 || status == ALL_ONES);
            return status;
        });
    }

    @Override
    public void status(int value) throws VirtioException {
        access(() -> {
            if (value == DeviceStatus.RESET) {
                common.status(value);
                queues.discard();
                return null;
            }
            // Not before the first reset: whatever the device was set up to do is over only then.
            open.enableBusMaster();
            if ((value & DeviceStatus.DRIVER_OK) != 0) {
                common.configurationVector(interrupts.configurationVector());
            }
            common.status(value);
            return null;
        });
    }

    /** Without those for which a structure is too short, or not in the right place. */
    @Override
    public FeatureSet deviceFeatures() throws VirtioException {
        return access(() -> {
            FeatureSet features = common.deviceFeatures();
            if (open.structures().notifyPlace() % Integer.BYTES != 0) {
                features = features.without(Feature.NOTIFICATION_DATA);
            }
            if (!common.has(PciCommonConfigLayout.QUEUE_RESET)) {
                features = features.without(Feature.RING_RESET);
            }
            return common.has(PciCommonConfigLayout.QUEUE_NOTIF_CONFIG_DATA)
                ? features : features.without(Feature.NOTIF_CONFIG_DATA);
        });
    }

    @Override
    public void driverFeatures(FeatureSet features) throws VirtioException {
        access(() -> {
            common.driverFeatures(features);
            return null;
        });
        accepted = features;
    }

    @Override
    public int maxQueues() throws VirtioException {
        return access(this::usableQueues);
    }

    @Override
    public int queueSize(int index) throws VirtioException {
        return access(() -> queues.maxSize(index));
    }

    @Override
    public RegionLimits regionLimits() {
        return function.regionLimits();
    }

    @Override
    public long map(MemoryRegion region) throws VirtioException {
        check();
        try {
            return function.map(region);
        } catch (VirtioException e) {
            throw e;
        } catch (IOException e) {
            throw new VirtioException(e.getMessage(), e);
        }
    }

    @Override
    public void unmap(MemoryRegion region) throws VirtioException {
        access(() -> {
            function.unmap(region);
            return null;
        });
    }

    @Override
    public QueueNotifier setUpQueue(QueueSetup setup) throws VirtioException {
        return access(() -> queues.setUp(setup, accepted, interrupts));
    }

    @Override
    public void resetQueue(int index) throws VirtioException {
        access(() -> {
            queues.reset(index);
            return null;
        });
    }

    @Override
    public byte[] readConfig(int offset, int length) throws VirtioException {
        return access(() -> {
            byte[] value = config.read(offset, length);
            checkPresenceIf(value[0] == (byte) ALL_ONES || value[0] == 0);
            return value;
        });
    }

    @Override
    public void writeConfig(int offset, byte[] value) throws VirtioException {
        access(() -> {
            config.write(offset, value);
            return null;
        });
    }

    @Override
    public int configGeneration() throws VirtioException {
        return access(common::generation);
    }

    @Override
    public Map<String, Object> details() {
        Map<String, Object> details = new LinkedHashMap<>(open.details());
        details.put("interrupts", interrupts.toString());
        return details;
    }

    @Override
    public boolean isQuiet() {
        return function.isQuiet();
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            events.end();
            queues.discard();
            if (function.removalRequest() != null) {
                loop.unwatch(function.removalRequest().fd());
            }
            if (interrupts != null) {
                interrupts.close();
            }
            function.close();
            closeHandler.run();
        }
    }
}
