// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.config;

import java.util.Map;
import org.osgi.framework.Constants;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.device.DeviceRegistry;
import org.virtio.device.DeviceState;
import org.virtio.device.VirtioDevice;
import org.virtio.device.VirtioException;

/**
 * A device that a configuration declares: one component for each. Whatever a configuration says, the component stays: it is
 * the one that a later change, for the better, is told.
 *
 * <p>Declarative Services calls it with one thing at a time. To move a device takes as long as to open one.
 */
@Component(service = {}, immediate = true, configurationPid = Declaration.PID, configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = DeviceDefinition.class, factory = true)
public final class ConfiguredDevice {
    private static final Logger LOG = LoggerFactory.getLogger(ConfiguredDevice.class);

    private final DeviceRegistry registry;
    /** What the registry was told last, or null. */
    private Declaration declared;

    /** Declares the device, if its configuration is a good one. */
    @Activate
    public ConfiguredDevice(@Reference DeviceRegistry registry, Map<String, Object> properties) {
        this.registry = registry;
        modified(properties);
    }

    @Modified
    void modified(Map<String, Object> properties) {
        Object pid = properties.get(Constants.SERVICE_PID);
        try {
            change(Declaration.of(properties));
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
            if (wanted.isMoveOf(declared) && isInUse()) {
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

    /** Whether there are users who are to see a pause and nothing else. */
    private boolean isInUse() {
        VirtioDevice device = registry.device(declared.name());
        return device != null && (device.state() == DeviceState.READY || device.state() == DeviceState.SUSPENDED);
    }

    private void replace(Declaration wanted) throws VirtioException {
        Declaration before = declared;
        if (!wanted.name().equals(before.name()) && isTaken(wanted.name())) {
            throw new VirtioException("the device name '" + wanted.name() + "' is taken");
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

    private boolean isTaken(String name) {
        return registry.devices().stream().anyMatch(device -> device.name.equals(name));
    }

    @Deactivate
    void detach() {
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
