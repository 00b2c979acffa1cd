// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import static org.virtio.pci.capability.ConfigHeaderLayout.NO_FUNCTION;
import static org.virtio.pci.capability.ConfigHeaderLayout.VENDOR_ID;

import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.memory.MemoryRegion;
import org.virtio.pci.access.PciFunction;
import org.virtio.pci.access.Registers;
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
    private static final long RESET_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long RESET_STEP_NANOS = TimeUnit.MICROSECONDS.toNanos(50);
    private static final int ALL_ONES = 0xff;

    private final OpenFunction open;
    private final PciFunction function;
    private final CommonConfig common;
    private final DeviceRegisters config;
    private final EventLoop loop;
    private final TransportEvents events;
    private final Runnable closeHandler;
    private final List<PciQueue> queues = new CopyOnWriteArrayList<>();
    private final Map<Integer, Integer> maxSizes = new HashMap<>();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final AtomicReference<String> failure = new AtomicReference<>();
    private FeatureSet accepted = FeatureSet.NONE;
    private Interrupts interrupts;
    private int queueLimit;

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
        try {
            if ((common.status() & DeviceStatus.DEVICE_NEEDS_RESET) != 0) {
                fail("the device has met an error that it cannot recover from: it set DEVICE_NEEDS_RESET");
            } else {
                events.configurationChanged();
            }
        } catch (IOException e) {
            broken(e);
        }
    }

    /** A function that is gone reads as all ones, or on some hosts as zeros: is it still there? */
    private void checkPresence() throws IOException {
        if (function.config().read16(VENDOR_ID) == NO_FUNCTION) {
            throw new IOException("the function has been removed: its configuration space reads all ones");
        }
    }

    private void checkPresenceIf(boolean suspicious) throws IOException {
        if (suspicious) {
            checkPresence();
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
                discardQueues();
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

    private void discardQueues() {
        queues.forEach(PciQueue::close);
        queues.clear();
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

    /** Asked for once, since what a queue that was set up before reads as differs from device to device. */
    @Override
    public int queueSize(int index) throws VirtioException {
        return access(() -> {
            Integer known = maxSizes.get(index);
            int size = known == null ? common.queueSize(index) : known;
            maxSizes.put(index, size);
            return size;
        });
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
        return access(() -> {
            common.setUp(setup, interrupts.queueVector(setup.index()));
            PciQueue queue = new PciQueue(setup.index(), notifyAddress(setup.index()), form(setup.index()),
                interrupts.queue(setup.index()), this::broken);
            queues.add(queue);
            common.enable(setup.index());
            return queue;
        });
    }

    private boolean withData() {
        return accepted.contains(Feature.NOTIFICATION_DATA);
    }

    /** Section 4.1.4.4. */
    private Registers notifyAddress(int index) throws IOException {
        Registers notify = open.structures().notification();
        int length = withData() ? Integer.BYTES : Short.BYTES;
        long offset = common.notifyOffset(index) * open.structures().notifyMultiplier();
        if (offset > notify.size() - length || offset % length != 0) {
            throw new VirtioException("the device wants queue " + index + " notified by " + length + " bytes at offset " + offset
                + " of its notification structure, which has " + notify.size() + " bytes");
        }
        return notify.slice(offset, length);
    }

    private PciQueue.Form form(int index) throws IOException {
        return new PciQueue.Form(withData(), accepted.contains(Feature.NOTIF_CONFIG_DATA) ? common.notifyName(index) : index);
    }

    @Override
    public void resetQueue(int index) throws VirtioException {
        access(() -> {
            common.startReset(index);
            long start = System.nanoTime();
            while (!common.isReset(index)) {
                checkPresence();
                if (System.nanoTime() - start > RESET_NANOS) {
                    throw new VirtioException("queue " + index + " did not finish its reset within "
                        + TimeUnit.NANOSECONDS.toMillis(RESET_NANOS) + " ms");
                }
                LockSupport.parkNanos(RESET_STEP_NANOS);
            }
            queues.stream().filter(queue -> queue.index() == index).forEach(PciQueue::close);
            queues.removeIf(queue -> queue.index() == index);
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
    public void close() {
        if (closed.compareAndSet(false, true)) {
            events.end();
            discardQueues();
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
