// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.registry;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.virtio.core.device.CoreDevice;
import org.virtio.core.device.DeviceNaming;
import org.virtio.core.device.DeviceOptions;
import org.virtio.core.device.Session;
import org.virtio.device.DeviceAddress;
import org.virtio.device.DeviceDTO;
import org.virtio.device.DeviceRegistry;
import org.virtio.device.DeviceState;
import org.virtio.device.VirtioDevice;
import org.virtio.device.VirtioException;
import org.virtio.host.HostDeviceListener;
import org.virtio.transport.TransportProvider;

/**
 * The registry. It is there from the start of its bundle to its stop, used or not, because devices depend on it.
 *
 * <p>{@link #attach} and {@link #detach} work on the caller's thread. When a provider comes, the devices that wait for it
 * are opened on a thread of the registry, one after the other: opening may take as long as a transport's time limits, and
 * nothing that happens in the framework should wait for that. When a provider goes, its devices are closed before the
 * framework is told so: afterwards the provider may free what they need.
 *
 * <p>No lock is held while a device is opened or closed or a service registered or unregistered; what may have changed
 * meanwhile is looked at again afterwards.
 */
@Component(immediate = true, service = {DeviceRegistry.class, HostDeviceListener.class})
public final class DeviceRegistryComponent implements DeviceRegistry, HostDeviceListener {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceRegistryComponent.class);
    /** How long to wait for what another thread does with a provider: twice the usual time limits of core and transport. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** Between attempts to open a device anew that was suspended for too long. */
    private static final long RETRY_MILLIS = 2000;

    private final BundleContext context;
    private final ProviderDirectory providers = new ProviderDirectory();
    private final DeviceTable table = new DeviceTable();
    /** Open devices, and those that are not closed yet although they are in no table any more. */
    private final Set<DeviceService> services = ConcurrentHashMap.newKeySet();
    private final ScheduledThreadPoolExecutor reopener = reopener();
    /** Its own thread, since the host may wait for a device that it takes away, and to open another takes its time. */
    private final ThreadPoolExecutor closer = new ThreadPoolExecutor(1, 1, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
        task -> new Thread(task, "virtio-registry removal"));
    private final Suspensions suspensions = new Suspensions(providers, table, this::watch,
        (service, reason) -> later(closer, () -> expired(service, reason)));

    /** Starts with no device. */
    @Activate
    public DeviceRegistryComponent(BundleContext context) {
        this.context = context;
        closer.allowCoreThreadTimeOut(true);
    }

    /** A thread that is there as long as it has something to do. */
    private static ScheduledThreadPoolExecutor reopener() {
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, task -> new Thread(task, "virtio-registry"));
        executor.setKeepAliveTime(1, TimeUnit.SECONDS);
        executor.allowCoreThreadTimeOut(true);
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        return executor;
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindProvider(TransportProvider provider) {
        providers.add(provider);
        suspensions.hurry();
        reopenLater(provider.scheme());
    }

    void unbindProvider(TransportProvider provider) {
        if (!providers.remove(provider, PATIENCE)) {
            LOG.warn("A device is still being opened by a transport that goes");
        }
        String reason = "the transport '" + provider.scheme() + "' went";
        for (DeviceService service : services) {
            Session session = service.device().session();
            if (session != null && session.provider() == provider && !suspensions.suspend(service, session, reason)) {
                close(service);
                table.closed(service, null);
            }
            if (service.device().address().scheme().equals(provider.scheme())) {
                service.device().forgetInflight();
            }
        }
        // Another provider may serve the same scheme.
        reopenLater(provider.scheme());
    }

    @Deactivate
    void deactivate() {
        if (!providers.close(PATIENCE)) {
            LOG.warn("A device is still being opened while the registry stops");
        }
        table.clear();
        services.forEach(this::close);
        suspensions.awaitEnd(PATIENCE);
        end(closer);
        end(reopener);
    }

    /**
     * A service that is being registered at this moment goes again by the thread that registers it. That thread is in a
     * driver then, so it is not interrupted; tasks that wait find their device forgotten.
     */
    private static void end(ThreadPoolExecutor executor) {
        executor.shutdown();
        try {
            if (!executor.awaitTermination(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warn("A driver still binds to a device while the registry stops");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void check(DeviceAddress address) throws VirtioException {
        DeviceOptions.of(address);
        providers.check(address);
    }

    @Override
    public VirtioDevice attach(DeviceAddress address, String name) throws VirtioException {
        try (DeviceTable.Reservation reservation = table.reserve(name == null ? address.option("name", null) : name)) {
            DeviceService service = open(address, reservation, opened -> {
                reservation.declare(address, opened);
                return true;
            });
            service.register();
            LOG.info("Attached {} as {}", address, service.device().name());
            return service.device();
        }
    }

    @Override
    public void declare(DeviceAddress address, String name) throws VirtioException {
        try {
            check(address);
        } catch (VirtioException e) {
            LOG.debug("{} is declared although it cannot be opened yet", address, e);
        }
        try (DeviceTable.Reservation reservation = table.reserve(Objects.requireNonNull(name, "name"))) {
            reopenLater(reservation.declare(address));
        }
        LOG.info("Declared {} as {}", address, name);
    }

    @Override
    public void detach(String name) throws VirtioException {
        DeviceService service = table.remove(name);
        if (service != null) {
            close(service);
        }
        LOG.info("Detached {}", name);
    }

    @Override
    public void move(String name, DeviceAddress address) throws VirtioException {
        DeviceService service = table.service(name);
        check(address);
        suspensions.move(service, address);
        LOG.info("Moved {} to {}", name, address);
    }

    @Override
    public List<DeviceDTO> devices() {
        return table.dump();
    }

    @Override
    public VirtioDevice device(String name) {
        return table.device(name);
    }

    @Override
    public List<String> transports() {
        return providers.schemes();
    }

    private void reopenLater(String scheme) {
        if (providers.schemes().contains(scheme)) {
            table.toOpen(scheme).forEach(this::reopenLater);
        }
    }

    private void reopenLater(DeclaredDevice declared) {
        later(reopener, () -> reopen(declared));
    }

    /** On a thread of the registry's, or not at all if the registry stops: then all devices are closed in any case. */
    private static void later(ThreadPoolExecutor executor, Runnable task) {
        try {
            executor.execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("The registry has stopped", e);
        }
    }

    /** A device that was declared at that address is opened, as when a provider comes. */
    @Override
    public void appeared(DeviceAddress address) {
        // After what is being closed, since the same device may be among that.
        later(closer, () -> {
            suspensions.hurry();
            table.toOpen(address.scheme()).stream()
                .filter(declared -> declared.address.location().equals(address.location())).forEach(this::reopenLater);
        });
    }

    /** Of a device that is open its transport says so; one that has lost its transport has nobody else to say it. */
    @Override
    public void removed(DeviceAddress address) {
        later(closer, () -> {
            for (DeviceService service : services) {
                DeviceAddress place = service.device().address();
                if (service.device().state() == DeviceState.SUSPENDED && place.scheme().equals(address.scheme())
                        && place.location().equals(address.location())) {
                    removed(service, null, "the device was removed from the host");
                }
            }
        });
    }

    /** The host takes a device away: it is closed, and stays declared, since it may come back. */
    private void removed(DeviceService service, Session session, String reason) {
        Session present = service.device().session();
        if (present != null && present != session) {
            return;
        }
        // Unless its address says so nobody knows whether it will be back.
        boolean expected = service.device().address().option("grace", null) != null;
        if (expected && suspensions.suspend(service, session, reason)) {
            return;
        }
        // In this order, so that who detaches it meanwhile waits until it is closed.
        close(service);
        table.closed(service, reason);
        LOG.info("Device {} is closed: {}", service.device().name(), reason);
    }

    /** Nothing is kept of it any more; it is opened anew as soon as that is possible. */
    private void expired(DeviceService service, String reason) {
        close(service);
        DeclaredDevice declared = reason == null ? table.closed(service, null) : table.expired(service, reason);
        if (declared != null) {
            reopenLater(declared);
        }
    }

    private void lost(DeviceService service, Session session, String reason) {
        if (!suspensions.suspend(service, session, reason)) {
            service.device().expire(reason);
            if (service.device().state() == DeviceState.FAILED) {
                expired(service, service.device().failure());
            }
        }
    }

    private void watch(DeviceService service) {
        boolean waits = !DeviceOptions.grace(service.device().address()).isZero();
        service.device().whenLost(waits ? (session, reason) -> later(closer, () -> lost(service, session, reason)) : null);
        Session session = service.device().session();
        service.device().removal().whenAnnounced(reason -> later(closer, () -> removed(service, session, reason)));
    }

    private void retry(DeclaredDevice declared) {
        table.retry(declared);
        reopen(declared);
    }

    private void reopen(DeclaredDevice declared) {
        if (!table.beginOpening(declared)) {
            return;
        }
        try {
            open(declared.address, type -> declared.name, service -> table.opened(declared, service)).register();
            LOG.info("Opened {} as {}", declared.address, declared.name);
        } catch (VirtioException | RuntimeException e) {
            boolean news = !declared.expired && !Objects.equals(declared.failure, e.getMessage());
            boolean again = table.notOpened(declared, e.getMessage());
            if (news) {
                // Bundles start in any order: that a transport is not there yet is nothing to be warned of.
                boolean early = !providers.schemes().contains(declared.address.scheme());
                LOG.atLevel(early ? Level.INFO : Level.WARN)
                    .log("Device {} ({}) could not be opened: {}", declared.name, declared.address, e.getMessage());
            }
            if (again) {
                reopener.schedule(() -> retry(declared), RETRY_MILLIS, TimeUnit.MILLISECONDS);
            }
        }
    }

    /**
     * Opens a device.
     *
     * @param enter enters the open device in the table, or returns false if it is not wanted any more
     */
    private DeviceService open(DeviceAddress address, DeviceNaming naming, Predicate<DeviceService> enter)
            throws VirtioException {
        TransportProvider provider = providers.lease(address.scheme());
        try {
            CoreDevice device = CoreDevice.open(provider, address, naming);
            DeviceService service = new DeviceService(context, device);
            services.add(service);
            // A provider that goes from here on waits for the lease, and then finds the device among the services.
            if (!providers.isThere(provider)) {
                close(service);
                throw new VirtioException("the transport '" + address.scheme() + "' went while " + address + " was opened");
            }
            if (!enter.test(service)) {
                close(service);
                throw new VirtioException("it was detached while " + address + " was opened");
            }
            watch(service);
            return service;
        } finally {
            providers.release(provider);
        }
    }

    private void close(DeviceService service) {
        suspensions.forget(service);
        try {
            service.close(PATIENCE);
        } catch (RuntimeException e) {
            LOG.error("Device {} could not be closed properly", service.device().name(), e);
        } finally {
            services.remove(service);
        }
    }
}
