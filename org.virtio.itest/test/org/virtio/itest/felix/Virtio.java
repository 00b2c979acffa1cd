// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.felix;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.virtio.blk.BlockDevice;
import org.virtio.device.DeviceAddress;
import org.virtio.device.DeviceDTO;
import org.virtio.device.DeviceProperties;
import org.virtio.device.DeviceRegistry;
import org.virtio.device.VirtioDevice;
import org.virtio.device.VirtioException;
import org.virtio.itest.support.Await;
import org.virtio.itest.support.Failures;
import org.virtio.itest.support.Stacks;
import org.virtio.queue.QueueDTO;
import org.virtio.target.TargetDTO;
import org.virtio.target.TargetManager;
import org.virtio.target.TargetOptions;

/** The bundles and services under test, as an application reaches them. */
public final class Virtio {
    /** The bundles that can be stopped and started while others run. */
    public static final List<String> STOPPABLE =
        List.of("org.virtio.core", "org.virtio.user", "org.virtio.pci", "org.virtio.blk", "org.virtio.target",
            "org.virtio.shell");

    private final BundleContext context;

    /** Services as this context sees them. */
    public Virtio(BundleContext context) {
        this.context = context;
    }

    /** The bundle of that symbolic name. */
    public Bundle bundle(String symbolicName) {
        return Arrays.stream(context.getBundles()).filter(bundle -> symbolicName.equals(bundle.getSymbolicName())).findFirst()
            .orElseThrow(() -> new AssertionError("there is no bundle " + symbolicName));
    }

    /** Starts the bundles that a test may have stopped. */
    public void startAll() {
        STOPPABLE.forEach(this::start);
    }

    /** Starts a bundle. */
    public void start(String symbolicName) {
        try {
            bundle(symbolicName).start();
        } catch (BundleException e) {
            throw Failures.in(symbolicName + " cannot be started", e);
        }
    }

    /** Stops a bundle. */
    public void stop(String symbolicName) {
        try {
            bundle(symbolicName).stop();
        } catch (BundleException e) {
            throw Failures.in(symbolicName + " cannot be stopped", e);
        }
    }

    /** Bundles that are installed and not active, fragments apart. */
    public List<String> bundlesNotActive() {
        return Arrays.stream(context.getBundles())
            .filter(bundle -> bundle.getHeaders().get("Fragment-Host") == null && bundle.getState() != Bundle.ACTIVE)
            .map(Bundle::toString).toList();
    }

    /** The service of that type, as soon as there is one. */
    public <S> S service(Class<S> type) {
        return service(type, null);
    }

    /** The service that a filter selects, as soon as there is one. */
    public <S> S service(Class<S> type, String filter) {
        return Await.value("there is a service " + type.getSimpleName() + " " + filter, () -> {
            Collection<ServiceReference<S>> references = references(type, filter);
            return references.isEmpty() ? null : context.getService(references.iterator().next());
        });
    }

    /** References to all services that a filter selects. */
    public <S> Collection<ServiceReference<S>> references(Class<S> type, String filter) {
        try {
            return context.getServiceReferences(type, filter);
        } catch (InvalidSyntaxException e) {
            throw new AssertionError(e);
        }
    }

    /** The registry. */
    public DeviceRegistry registry() {
        return service(DeviceRegistry.class);
    }

    /** Attaches the vhost-user device on a socket and waits for its block device. */
    public BlockDevice attach(String path, String name) {
        return attachAt("vhost-user:" + path, name);
    }

    /** Attaches the device of an address and waits for its block device. */
    public BlockDevice attachAt(String address, String name) {
        return Stacks.watch("attaching " + address, () -> {
            registry().attach(DeviceAddress.parse(address), name);
            return block(name);
        });
    }

    /** The block device of that name, as soon as there is one. */
    public BlockDevice block(String name) {
        return service(BlockDevice.class, named(name));
    }

    /** The device of that name, as soon as there is one. */
    public VirtioDevice device(String name) {
        return service(VirtioDevice.class, named(name));
    }

    /** A filter for the services of a device. */
    public static String named(String name) {
        return "(" + DeviceProperties.NAME + "=" + name + ")";
    }

    /** Waits until there is no block device of that name. */
    public void awaitNoBlock(String name) {
        Await.until("there is no block device " + name, () -> references(BlockDevice.class, named(name)).isEmpty());
    }

    /** What the registry says of a device. */
    public DeviceDTO dump(String name) {
        return registry().devices().stream().filter(device -> device.name.equals(name)).findFirst()
            .orElseThrow(() -> new AssertionError("there is no device " + name));
    }

    /** Waits until a device has failed, and returns why. */
    public String awaitFailure(String name) {
        Await.until(name + " has failed", () -> "failed".equals(dump(name).state));
        return dump(name).failure;
    }

    /** Waits until a queue of a device is broken, and returns why. */
    public String awaitBroken(String name) {
        return Await.value("a queue of " + name + " is broken", () -> dump(name).queues.stream()
            .map(queue -> queue.brokenReason).filter(reason -> reason != null).findFirst().orElse(null));
    }

    /** Waits until the queues of a device hold that many requests. */
    public void awaitInFlight(String name, int requests) {
        Await.until(requests + " requests are in flight on " + name,
            () -> dump(name).queues.stream().mapToInt(queue -> queue.inFlight).sum() == requests);
    }

    /** Requests that a device's queues have ever been given. */
    public long requests(String name) {
        return dump(name).queues.stream().mapToLong((QueueDTO queue) -> queue.requests).sum();
    }

    /** Detaches all devices. */
    public void detachAll() throws VirtioException {
        for (DeviceDTO device : registry().devices()) {
            registry().detach(device.name);
        }
    }

    /** Creates a target. */
    public TargetDTO target(TargetOptions options) throws VirtioException {
        return service(TargetManager.class).create(options);
    }

    /** Deletes all targets. */
    public void deleteTargets() throws VirtioException {
        TargetManager manager = service(TargetManager.class);
        for (TargetDTO target : manager.list()) {
            manager.delete(target.path);
        }
    }

    /** Types of this project's services that are registered now, each as often as there are services of it. */
    public List<String> services() {
        return Arrays.stream(context.getBundles()).filter(bundle -> bundle.getRegisteredServices() != null)
            .flatMap(bundle -> Arrays.stream(bundle.getRegisteredServices()))
            .flatMap(reference -> Arrays.stream((String[]) reference.getProperty("objectClass")))
            .filter(type -> type.startsWith("org.virtio.")).sorted().toList();
    }
}
