// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.config;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.osgi.framework.Constants;
import org.osgi.service.component.ComponentConstants;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.core.device.NameTakenException;
import org.virtio.device.DeviceAddress;
import org.virtio.device.DeviceRegistry;
import org.virtio.device.DeviceState;
import org.virtio.device.VirtioDevice;
import org.virtio.device.VirtioException;

/**
 * A device that a configuration declares: one component for each. Whatever a configuration says, the component stays: it is
 * the one that a later change, for the better, is told.
 *
 * <p>Declarative Services calls it with one thing at a time, and what follows from that is done in {@link Turns}.
 */
@Component(service = {}, immediate = true, configurationPid = Declaration.PID, configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = DeviceDefinition.class, factory = true)
public final class ConfiguredDevice {
    private static final Logger LOG = LoggerFactory.getLogger(ConfiguredDevice.class);

    private final DeviceRegistry registry;
    private final Turns turns;
    private final String pid;
    /** What the registry was told last, or null; of whoever has the turn. */
    private Declaration declared;
    /** What the configuration says. */
    private volatile Map<String, Object> latest;
    private volatile boolean ended;

    /** Declares the device, if its configuration is a good one. */
    @Activate
    public ConfiguredDevice(@Reference DeviceRegistry registry, @Reference Turns turns, Map<String, Object> properties) {
        this.registry = registry;
        this.turns = turns;
        this.pid = String.valueOf(properties.get(Constants.SERVICE_PID));
        this.latest = properties;
        turns.take(pid, () -> follow(properties, false));
    }

    @Modified
    void modified(Map<String, Object> properties) {
        latest = properties;
        turns.enter(pid, () -> follow(properties, false));
    }

    /** What is deleted is let go of while others are configured; else the registry may be gone next. */
    @Deactivate
    void deactivate(int reason) {
        ended = true;
        CompletableFuture<?> done = turns.enter(pid, this::detach);
        if (reason != ComponentConstants.DEACTIVATION_REASON_CONFIGURATION_DELETED) {
            await(done);
        }
    }

    private void await(CompletableFuture<?> done) {
        try {
            done.get(Turns.PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("Configuration {} is not through with its device yet", pid, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Does as a configuration says, unless it says something else by now. */
    private void follow(Map<String, Object> properties, boolean again) {
        if (ended || properties != latest) {
            return;
        }
        try {
            change(Declaration.of(properties));
        } catch (NameTakenException e) {
            if (!again) {
                LOG.warn("Configuration {} waits until the name is free: {}; {}", pid, e.getMessage(), outcome());
            }
            turns.enterLater(pid, () -> follow(properties, true));
        } catch (VirtioException | IllegalArgumentException e) {
            LOG.error("Configuration {} is refused: {}; {}", pid, e.getMessage(), outcome());
        } catch (RuntimeException e) {
            LOG.error("Configuration {} could not be followed; {}", pid, outcome(), e);
        }
    }

    private String outcome() {
        return declared == null ? "nothing is declared" : "device " + declared.name() + " goes on as it was";
    }

    private void change(Declaration wanted) throws VirtioException {
        if (declared == null) {
            declare(wanted);
        } else if (!wanted.equals(declared)) {
            if (wanted.isMoveOf(declared) && isAnyOf(DeviceState.READY, DeviceState.SUSPENDED)) {
                // There are users who are to see a pause and nothing else.
                registry.move(wanted.name(), wanted.address());
                declared = wanted;
            } else {
                replace(wanted);
            }
        }
    }

    private void declare(Declaration wanted) throws VirtioException {
        registry.declare(wanted.address(), wanted.name());
        declared = wanted;
    }

    private boolean isAnyOf(DeviceState... states) {
        VirtioDevice device = registry.device(declared.name());
        return device != null && Set.of(states).contains(device.state());
    }

    private void replace(Declaration wanted) throws VirtioException {
        Declaration before = declared;
        check(wanted.address());
        if (!wanted.name().equals(before.name()) && isTaken(wanted.name())) {
            throw new NameTakenException(wanted.name());
        }
        detach();
        try {
            declare(wanted);
        } catch (VirtioException | RuntimeException e) {
            // Somebody may have taken the name since.
            declare(before);
            throw e;
        }
    }

    /** What cannot be had at present may come, but for that a device that works is not given up. */
    private void check(DeviceAddress address) throws VirtioException {
        try {
            registry.check(address);
        } catch (VirtioException e) {
            if (isAnyOf(DeviceState.READY)) {
                throw e;
            }
        }
    }

    private boolean isTaken(String name) {
        return registry.devices().stream().anyMatch(device -> device.name.equals(name));
    }

    private void detach() {
        if (declared == null) {
            return;
        }
        try {
            registry.detach(declared.name());
        } catch (VirtioException e) {
            LOG.debug("Device {} was detached by somebody else", declared.name(), e);
        }
        declared = null;
    }
}
