// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.device.ConfigSpace;
import org.virtio.device.DeviceAddress;
import org.virtio.device.DeviceDTO;
import org.virtio.device.DeviceListener;
import org.virtio.device.DeviceState;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioDevice;
import org.virtio.device.VirtioException;
import org.virtio.memory.DmaAllocator;
import org.virtio.queue.QueueDTO;
import org.virtio.queue.UsedBufferHandler;
import org.virtio.queue.Virtqueue;
import org.virtio.spec.DeviceType;
import org.virtio.transport.Transport;
import org.virtio.transport.TransportProvider;

/**
 * A device over its transport. One lock makes negotiate, start, stop and close take turns; it is held while the device is
 * waited for, never while a listener is called. What the transport's thread or a queue's owner calls does without it.
 */
public final class CoreDevice implements VirtioDevice, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CoreDevice.class);

    private static final long LOCK_RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final String name;
    private final DeviceAddress address;
    private final DeviceType type;
    private final DeviceControl control;
    private final DeviceConfigSpace config;
    private final DeviceLife life = new DeviceLife(this);
    private final ReentrantLock turn = new ReentrantLock();

    private final Removal removal = new Removal();

    /** Why the transport failed: final. */
    private volatile String transportFailure;
    /** Why the last negotiate or start failed, or the driver gave up: until a start goes well. */
    private volatile String startFailure;
    private boolean hasDriver;
    private boolean started;
    private boolean closed;

    private CoreDevice(String name, DeviceAddress address, DeviceType type, DeviceControl control) {
        this.name = name;
        this.address = address;
        this.type = type;
        this.control = control;
        this.config = new DeviceConfigSpace(control.transport());
    }

    /**
     * Opens a device, resets it and acknowledges it.
     *
     * @throws IllegalArgumentException if an option of the address is unknown or out of range
     * @throws VirtioException          if the device cannot be opened, or what {@code naming} throws; nothing is left open
     */
    public static CoreDevice open(TransportProvider provider, DeviceAddress address, DeviceNaming naming) throws VirtioException {
        return open(provider, address, naming, Limits.DEFAULT);
    }

    static CoreDevice open(TransportProvider provider, DeviceAddress address, DeviceNaming naming, Limits limits)
            throws VirtioException {
        DeviceOptions options = DeviceOptions.of(address);
        TransportEvents events = new TransportEvents();
        Transport transport = provider.open(address, events);
        try {
            DeviceType type = transport.deviceType();
            String name = naming.name(type);
            DeviceControl control = new DeviceControl(name, options, limits, transport);
            CoreDevice device = new CoreDevice(name, address, type, control);
            events.deliverTo(device);
            control.acknowledge();
            return device;
        } catch (VirtioException | RuntimeException e) {
            transport.close();
            throw e;
        }
    }

    @Override
    public void negotiate(FeatureSet driverFeatures) throws VirtioException {
        turn.lock();
        try {
            checkUsable();
            if (hasDriver) {
                throw new IllegalStateException("device " + name + " has a driver already");
            }
            control.negotiate(driverFeatures);
            hasDriver = true;
        } catch (VirtioException e) {
            setFailed(e.getMessage());
            throw e;
        } finally {
            turn.unlock();
        }
    }

    @Override
    public int start(int wantedQueues, int fixedQueues) throws VirtioException {
        if (fixedQueues < 0 || fixedQueues > wantedQueues) {
            throw new IllegalArgumentException("fixed queues " + fixedQueues + " is not from 0 to " + wantedQueues);
        }
        turn.lock();
        try {
            checkUsable();
            if (!hasDriver) {
                throw new IllegalStateException("device " + name + " is not negotiated");
            }
            if (started) {
                throw new IllegalStateException("device " + name + " was started already: stop it first");
            }
            started = true;
            int count = control.start(wantedQueues, fixedQueues);
            // We store the queues, then load the failure; the transport's thread does it the other way round.
            if (transportFailure != null) {
                control.queues().breakAll(transportFailure);
                throw new VirtioException(transportFailure);
            }
            startFailure = null;
            life.become(DeviceState.READY);
            return count;
        } catch (VirtioException e) {
            setFailed(e.getMessage());
            throw e;
        } finally {
            turn.unlock();
            life.deliver();
        }
    }

    @Override
    public void giveUp(String reason) {
        turn.lock();
        try {
            if (!closed && hasDriver) {
                LOG.warn("The driver of device {} ({}) gave up: {}", name, address, reason);
                // It must not go on from here: the next start needs a stop first.
                started = true;
                setFailed(reason);
            }
        } finally {
            turn.unlock();
        }
    }

    private void setFailed(String reason) {
        startFailure = reason;
        if (transportFailure == null) {
            control.giveUp();
        }
    }

    private void checkUsable() throws VirtioException {
        checkOpen();
        if (transportFailure != null) {
            throw new VirtioException("device " + name + " has failed: " + transportFailure);
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("device " + name + " is closed");
        }
    }

    @Override
    public void stop() {
        turn.lock();
        try {
            if (!closed && hasDriver) {
                if (letGo("device " + name + " was stopped")) {
                    control.acknowledgeAgain();
                }
                life.become(DeviceState.OPEN);
            }
        } finally {
            turn.unlock();
            life.deliver();
        }
    }

    private boolean letGo(String reason) {
        hasDriver = false;
        started = false;
        return control.letGo(reason, transportFailure == null);
    }

    /** Closes the device and frees its memory; for the registry. Closing again does nothing. */
    @Override
    public void close() {
        turn.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            letGo("device " + name + " was removed");
            life.become(DeviceState.REMOVED);
            control.close();
        } finally {
            turn.unlock();
            life.deliver();
        }
    }

    /** The transport's thread says that the device is lost. */
    void failed(String reason) {
        if (transportFailure != null) {
            return;
        }
        transportFailure = reason;
        LOG.warn("Device {} ({}) failed: {}", name, address, reason);
        control.queues().breakAll(reason);
        life.become(DeviceState.FAILED);
        life.deliver();
    }

    /** Where the transport says that the host takes the device away, and the registry hears of it. */
    public Removal removal() {
        return removal;
    }

    /** The transport's thread says that the configuration changed. */
    void configurationChanged() {
        life.configurationChanged();
        life.deliver();
    }

    @Override
    public Virtqueue acquireQueue(int index) {
        return control.queues().ownership().acquire(index);
    }

    @Override
    public Virtqueue acquireFreeQueue(int fromIndex) {
        return control.queues().ownership().acquireFree(fromIndex);
    }

    @Override
    public void releaseQueue(Virtqueue queue) {
        QueueOwnership.release(queue);
    }

    @Override
    public void resetQueue(Virtqueue queue, UsedBufferHandler used, UsedBufferHandler unused) throws VirtioException {
        resetOrResize(queue, 0, used, unused);
    }

    @Override
    public void resizeQueue(Virtqueue queue, int size, UsedBufferHandler used, UsedBufferHandler unused)
            throws VirtioException {
        if (size < 1) {
            throw new IllegalArgumentException("queue size " + size + " is below 1");
        }
        resetOrResize(queue, size, used, unused);
    }

    private void resetOrResize(Virtqueue queue, int size, UsedBufferHandler used, UsedBufferHandler unused)
            throws VirtioException {
        if (turn.isHeldByCurrentThread()) {
            throw new IllegalStateException("a handler that takes requests back cannot reset queues of device " + name);
        }
        // A stop holds the lock while it waits for owners, of whom the caller is one: it must not wait in its turn.
        while (!turn.tryLock()) {
            control.queues().ownSlot(queue);
            LockSupport.parkNanos(LOCK_RETRY_NANOS);
        }
        try {
            checkUsable();
            control.resetQueue(queue, size, used, unused);
        } finally {
            breakIfFailed();
            turn.unlock();
        }
    }

    /** We mend a queue, then load the failure; the transport's thread stores the failure, then breaks the queues. */
    private void breakIfFailed() {
        if (transportFailure != null) {
            control.queues().breakAll(transportFailure);
        }
    }

    @Override
    public void breakQueues(String reason) {
        control.queues().breakQueues(reason);
    }

    @Override
    public boolean unbreakQueues() {
        return control.queues().unbreakQueues();
    }

    @Override
    public Thread queueOwner(int index) {
        return control.queues().ownership().owner(index);
    }

    @Override
    public int queueCount() {
        return control.queues().count();
    }

    @Override
    public int fixedQueueCount() {
        return control.queues().fixed();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public DeviceAddress address() {
        return address;
    }

    @Override
    public DeviceType type() {
        return type;
    }

    @Override
    public DeviceState state() {
        return life.state();
    }

    @Override
    public String failure() {
        return transportFailure != null ? transportFailure : startFailure;
    }

    @Override
    public FeatureSet deviceFeatures() {
        return control.deviceFeatures();
    }

    @Override
    public FeatureSet negotiatedFeatures() {
        return control.negotiatedFeatures();
    }

    @Override
    public ConfigSpace config() {
        return config;
    }

    @Override
    public int maxQueues() {
        return control.maxQueues();
    }

    @Override
    public DmaAllocator memory() {
        return control.memory();
    }

    @Override
    public void addListener(DeviceListener listener) {
        life.addListener(listener);
    }

    @Override
    public void removeListener(DeviceListener listener) {
        life.removeListener(listener);
    }

    @Override
    public List<QueueDTO> dumpQueues() {
        return control.dumpQueues();
    }

    @Override
    public DeviceDTO dump() {
        DeviceDTO dto = new DeviceDTO();
        dto.name = name;
        dto.address = address.toString();
        dto.transport = address.scheme();
        dto.type = type.shortName();
        dto.state = state().name().toLowerCase(Locale.ROOT);
        dto.failure = failure();
        control.dump(dto);
        return dto;
    }
}
