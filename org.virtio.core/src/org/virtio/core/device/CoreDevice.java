// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.device.DeviceAddress;
import org.virtio.device.DeviceState;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.queue.UsedBufferHandler;
import org.virtio.queue.Virtqueue;
import org.virtio.spec.DeviceType;
import org.virtio.transport.Transport;
import org.virtio.transport.TransportProvider;

/**
 * A device over its transport. One lock makes negotiate, start, stop and close take turns; it is held while the device is
 * waited for, and of listeners only those are called then that look at a device which is back. What the transport's thread or a
 * queue's owner calls does without it.
 */
public final class CoreDevice extends DeviceView implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CoreDevice.class);
    private final ReentrantLock turn = new ReentrantLock();
    private final QueueReset queueReset = new QueueReset(this, turn);

    /** Null while there is no transport. */
    private volatile Session session;
    private volatile Removal removal = new Removal();

    /** Why the transport failed: final. */
    private volatile String transportFailure;
    /** Why the last negotiate or start failed, or the driver gave up: until a start goes well. */
    private volatile String startFailure;
    private boolean hasDriver;
    private boolean started;
    private boolean closed;

    private CoreDevice(String name, DeviceAddress address, DeviceType type, DeviceControl control, Session session) {
        super(name, address, type, control);
        this.session = session;
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
            CoreDevice device = new CoreDevice(name, address, type, control, new Session(provider, events));
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
                throw new IllegalStateException("device " + name() + " has a driver already");
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
                throw new IllegalStateException("device " + name() + " is not negotiated");
            }
            if (started) {
                throw new IllegalStateException("device " + name() + " was started already: stop it first");
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
                LOG.warn("The driver of device {} ({}) gave up: {}", name(), address, reason);
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

    void checkUsable() throws VirtioException {
        checkOpen();
        if (transportFailure != null) {
            throw new VirtioException("device " + name() + " has failed: " + transportFailure);
        }
        if (suspension.reason() != null) {
            throw new VirtioException("device " + name() + " is suspended: " + suspension.reason());
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("device " + name() + " is closed");
        }
    }

    @Override
    public void stop() {
        turn.lock();
        try {
            if (!closed && hasDriver) {
                if (letGo("device " + name() + " was stopped")) {
                    control.acknowledgeAgain();
                }
                // One that is suspended stays so: there is nothing to start before it is opened anew.
                if (suspension.reason() == null) {
                    life.become(DeviceState.OPEN);
                }
            }
        } finally {
            turn.unlock();
            life.deliver();
        }
    }

    private boolean letGo(String reason) {
        hasDriver = false;
        started = false;
        return control.letGo(reason, isReachable());
    }

    private boolean isReachable() {
        return transportFailure == null && !suspension.isLost(session);
    }

    /** Who is told, on a thread of the transport, that a device that works has lost its transport, and will suspend it. */
    public void whenLost(BiConsumer<Session, String> keeper) {
        suspension.keeper(keeper);
    }

    /** By what the device is reached, or null while it is suspended. */
    public Session session() {
        return session;
    }

    /**
     * Lets go of the transport; memory, queues, their owners and what is in flight wait for the next one. For the registry, which
     * {@link #resume}s the device in time, or {@link #expire}s it.
     *
     * @param of the transport that is gone, or to go; if the device is reached by another one by now, nothing happens
     * @return false if it cannot wait: no driver has started it, it has failed, or it does not become quiet and fails now
     */
    public boolean suspend(Session of, String reason) {
        turn.lock();
        try {
            if (suspension.reason() != null) {
                return !closed && transportFailure == null;
            }
            if (!closed && session != of) {
                return true;
            }
            if (closed || state() != DeviceState.READY || !control.queues().canBeSuspended()) {
                return false;
            }
            boolean reachable = isReachable();
            session = null;
            suspension.begin(reason);
            life.become(DeviceState.SUSPENDED);
            if (!control.suspend(reachable)) {
                fail("it did not become quiet, " + reason);
                return false;
            }
            return true;
        } finally {
            turn.unlock();
            life.deliver();
        }
    }

    /**
     * Goes on by another transport, or by the same anew: everything that was in flight is submitted again, in order per queue.
     *
     * @param newAddress where the device is by now
     * @throws IllegalArgumentException if an option of the address is unknown or out of range
     * @throws VirtioException          if the device is not there, or its driver cannot go on with it: it stays suspended
     * @throws IllegalStateException    if it is not suspended, or has no driver any more
     */
    public void resume(TransportProvider provider, DeviceAddress newAddress) throws VirtioException {
        DeviceOptions.of(newAddress);
        TransportEvents fresh = new TransportEvents();
        boolean done = false;
        // Not in the device's turn, since it may take its time: a driver that stops meanwhile need not wait for it.
        Transport back = open(provider, newAddress, fresh);
        try {
            goOn(back, newAddress, new Session(provider, fresh));
            done = true;
        } finally {
            if (!done) {
                back.close();
            }
        }
        fresh.deliverTo(this);
    }

    private Transport open(TransportProvider provider, DeviceAddress newAddress, TransportEvents fresh) throws VirtioException {
        try {
            return provider.open(newAddress, fresh);
        } catch (VirtioException | RuntimeException e) {
            suspension.note(e.getMessage());
            throw e;
        }
    }

    private void goOn(Transport back, DeviceAddress newAddress, Session next) throws VirtioException {
        turn.lock();
        try {
            if (closed || suspension.reason() == null || !started || transportFailure != null) {
                throw new IllegalStateException("device " + name() + " is not suspended, or has no driver");
            }
            if (back.deviceType() != type()) {
                throw new VirtioException("there is a device of type " + back.deviceType().shortName() + " now, not "
                    + type().shortName());
            }
            control.resume(back, offered -> life.ask(offered));
            address = newAddress;
            removal = new Removal();
            session = next;
            suspension.end();
            life.become(DeviceState.READY);
        } catch (VirtioException | RuntimeException e) {
            suspension.note(e.getMessage());
            if (control.isLoose()) {
                fail("it did not become quiet, " + failure());
            }
            throw e;
        } finally {
            turn.unlock();
            life.deliver();
        }
    }

    /** A device without a transport waits for it no longer: what is in flight fails. Does nothing if it has one by now. */
    public void expire(String reason) {
        turn.lock();
        try {
            if (transportFailure == null && !closed && (suspension.reason() != null || !isReachable())) {
                fail(reason);
            }
        } finally {
            turn.unlock();
            life.deliver();
        }
    }

    private void fail(String reason) {
        transportFailure = reason;
        LOG.warn("Device {} ({}) failed: {}", name(), address, reason);
        control.queues().breakAll(reason);
        life.become(DeviceState.FAILED);
    }

    /** Whether a driver has started it. */
    public boolean isStarted() {
        turn.lock();
        try {
            return started;
        } finally {
            turn.unlock();
        }
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
            letGo("device " + name() + " was removed");
            life.become(DeviceState.REMOVED);
            control.close();
        } finally {
            turn.unlock();
            life.deliver();
        }
    }

    /** A transport's thread says that the device is lost. */
    void failed(TransportEvents source, String reason) {
        Session present = session;
        // One that is let go of may still say so: it is not what the device is reached by.
        if (present == null || !present.has(source) || transportFailure != null) {
            return;
        }
        if (state() == DeviceState.READY && suspension.lose(present, reason)) {
            LOG.info("Device {} ({}) has lost its transport: {}", name(), address, reason);
            return;
        }
        fail(reason);
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
    public void resetQueue(Virtqueue queue, UsedBufferHandler used, UsedBufferHandler unused) throws VirtioException {
        queueReset.reset(queue, 0, used, unused);
    }

    @Override
    public void resizeQueue(Virtqueue queue, int size, UsedBufferHandler used, UsedBufferHandler unused)
            throws VirtioException {
        if (size < 1) {
            throw new IllegalArgumentException("queue size " + size + " is below 1");
        }
        queueReset.reset(queue, size, used, unused);
    }

    /** We mend a queue, then load the failure; the transport's thread stores the failure, then breaks the queues. */
    void breakIfFailed() {
        if (transportFailure != null) {
            control.queues().breakAll(transportFailure);
        }
    }

    @Override
    public String failure() {
        if (transportFailure != null) {
            return transportFailure;
        }
        return suspension.reason() != null ? suspension.reason() : startFailure;
    }
}
