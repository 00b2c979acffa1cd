// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.registry;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.core.device.DeviceOptions;
import org.virtio.core.device.Session;
import org.virtio.device.DeviceAddress;
import org.virtio.device.DeviceState;
import org.virtio.device.VirtioException;
import org.virtio.transport.TransportProvider;

/** Devices that have lost their transport for a while, and how they come by another. Thread-safe. */
final class Suspensions {
    private static final Logger LOG = LoggerFactory.getLogger(Suspensions.class);

    private final ProviderDirectory providers;
    private final DeviceTable table;
    private final Consumer<DeviceService> resumed;
    private final BiConsumer<DeviceService, String> expired;
    private final Map<DeviceService, Reconnection> reconnections = new ConcurrentHashMap<>();
    private final ScheduledThreadPoolExecutor timer;

    /**
     * With no device.
     *
     * @param resumed told of a device that goes on
     * @param expired told of a device that has failed because its grace time has ended, or that has no driver to wait for it
     */
    Suspensions(ProviderDirectory providers, DeviceTable table, Consumer<DeviceService> resumed,
            BiConsumer<DeviceService, String> expired) {
        this.timer = new ScheduledThreadPoolExecutor(1, task -> new Thread(task, "virtio-registry grace"));
        timer.setKeepAliveTime(1, TimeUnit.SECONDS);
        timer.allowCoreThreadTimeOut(true);
        timer.setRemoveOnCancelPolicy(true);
        this.providers = providers;
        this.table = table;
        this.resumed = resumed;
        this.expired = expired;
    }

    /**
     * Has a device wait for its transport.
     *
     * @param session that is gone, or to go
     * @return false if it cannot, or is not to
     */
    boolean suspend(DeviceService service, Session session, String reason) {
        Duration grace = grace(service);
        if (grace.isZero() || !service.device().suspend(session, reason)) {
            return false;
        }
        if (service.device().state() == DeviceState.SUSPENDED) {
            LOG.info("Device {} is suspended, for {} s at the most: {}", service.device().name(), grace.toSeconds(), reason);
            start(service);
        }
        return true;
    }

    private static Duration grace(DeviceService service) {
        return DeviceOptions.grace(service.device().address());
    }

    /** Also called when there is one already. */
    private void start(DeviceService service) {
        Reconnection fresh = new Reconnection(service.device().name(), () -> attempt(service), ended -> end(service, ended));
        if (reconnections.putIfAbsent(service, fresh) == null) {
            // Apart from the attempts, of which each may take longer than that.
            fresh.expiry(timer.schedule(() -> expire(service, fresh), grace(service).toMillis(), TimeUnit.MILLISECONDS));
            fresh.start();
        }
    }

    /** The device may have been suspended again while this one was still there: then nobody else sees to it. */
    private void end(DeviceService service, Reconnection ended) {
        reconnections.remove(service, ended);
        if (service.isOpen() && service.device().state() == DeviceState.SUSPENDED && service.device().isStarted()) {
            start(service);
        }
    }

    /** What they need may be there: all try at once. */
    void hurry() {
        reconnections.values().forEach(Reconnection::hurry);
    }

    /** A device is to be closed, or goes on: nobody need see to it. */
    void forget(DeviceService service) {
        Reconnection reconnection = reconnections.remove(service);
        if (reconnection != null) {
            reconnection.end();
        }
    }

    private boolean attempt(DeviceService service) {
        DeviceAddress address = table.address(service);
        if (address == null || !service.isOpen() || service.device().state() != DeviceState.SUSPENDED) {
            return true;
        }
        if (!service.device().isStarted()) {
            expired.accept(service, null);
            return true;
        }
        try {
            resume(service, address);
            return true;
        } catch (VirtioException | RuntimeException e) {
            LOG.debug("Device {} cannot go on yet: {}", service.device().name(), e.getMessage());
            return endIfFailed(service);
        }
    }

    /** What came back may turn out not to be trusted: then nobody waits for it. */
    private boolean endIfFailed(DeviceService service) {
        boolean failed = service.device().state() == DeviceState.FAILED;
        if (failed) {
            expired.accept(service, service.device().failure());
        }
        return failed;
    }

    /**
     * Has a suspended device go on.
     *
     * @throws VirtioException if it cannot yet
     */
    private void resume(DeviceService service, DeviceAddress address) throws VirtioException {
        TransportProvider provider = providers.lease(address.scheme());
        try {
            // A provider that goes from here on waits for the lease, and then finds the device by its session.
            service.device().resume(provider, address);
            // It may have moved since the address was looked up.
            table.move(service, address);
            forget(service);
            resumed.accept(service);
            LOG.info("Device {} goes on at {}", service.device().name(), address);
            Session session = service.device().session();
            if (session != null && !providers.isThere(session.provider())) {
                suspend(service, session, "the transport '" + address.scheme() + "' went");
            }
        } finally {
            providers.release(provider);
        }
    }

    private void expire(DeviceService service, Reconnection late) {
        if (reconnections.get(service) == late) {
            String reason = service.device().failure();
            service.device().expire("no transport within " + grace(service).toSeconds() + " s: " + reason);
            endIfFailed(service);
        }
    }

    /**
     * Has a device go on at another address, which was looked at; if it cannot it goes on where it was.
     *
     * @throws VirtioException          if it stays where it is; the message says why
     */
    void move(DeviceService service, DeviceAddress address) throws VirtioException {
        DeviceAddress before = service.device().address();
        if (!service.device().suspend(service.device().session(), "it moves to " + address)) {
            throw new VirtioException("device " + service.device().name() + " cannot move: it is "
                + service.device().state().name().toLowerCase(Locale.ROOT));
        }
        forget(service);
        table.move(service, address);
        try {
            resume(service, address);
        } catch (VirtioException | RuntimeException e) {
            if (service.device().state() == DeviceState.READY && service.device().address().equals(address)) {
                // Its own attempts were quicker.
                return;
            }
            table.move(service, before);
            if (!endIfFailed(service)) {
                start(service);
            }
            throw new VirtioException("device " + service.device().name() + " stays at " + before + ": " + e.getMessage(), e);
        }
    }

    /** Waits until no attempt is under way. */
    void awaitEnd(Duration limit) {
        timer.shutdownNow();
        long end = System.nanoTime() + limit.toNanos();
        for (Reconnection reconnection : reconnections.values()) {
            reconnection.end();
            try {
                reconnection.join(Math.max(1, (end - System.nanoTime()) / 1_000_000));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
            if (reconnection.isAlive()) {
                LOG.warn("{} has not ended in time", reconnection.getName());
            }
        }
    }
}
