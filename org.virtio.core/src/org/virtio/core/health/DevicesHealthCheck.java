// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.health;

import java.util.List;
import java.util.Locale;
import org.apache.felix.hc.api.FormattingResultLog;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.apache.felix.hc.api.execution.HealthCheckExecutor;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.virtio.device.DeviceDTO;
import org.virtio.device.DeviceRegistry;
import org.virtio.device.DeviceState;

/**
 * Whether all declared devices are ready: OK if they are, or if there are none; CRITICAL if one has failed; WARN if one is in
 * any other state. Each device has a line in the result, with its reason. It is there only with an executor, and so only where
 * the classes are that it needs.
 */
@Component(service = HealthCheck.class,
    property = {HealthCheck.NAME + "=virtio devices", HealthCheck.TAGS + "=virtio", HealthCheck.MBEAN_NAME + "=virtio"},
    reference = @Reference(name = "executor", service = HealthCheckExecutor.class))
public final class DevicesHealthCheck implements HealthCheck {
    private static final String DECLARED = word(DeviceState.DECLARED);
    private static final String OPEN = word(DeviceState.OPEN);
    private static final String READY = word(DeviceState.READY);
    private static final String FAILED = word(DeviceState.FAILED);

    private final DeviceRegistry registry;

    /** Looks at the devices of that registry. */
    @Activate
    public DevicesHealthCheck(@Reference DeviceRegistry registry) {
        this.registry = registry;
    }

    private static String word(DeviceState state) {
        return state.name().toLowerCase(Locale.ROOT);
    }

    /** The devices as they are now. */
    @Override
    public Result execute() {
        FormattingResultLog log = new FormattingResultLog();
        List<DeviceDTO> devices = registry.devices();
        if (devices.isEmpty()) {
            log.info("no devices are declared");
        }
        for (DeviceDTO device : devices) {
            String text = device.name + " is " + device.state + reason(device);
            if (READY.equals(device.state)) {
                log.info("{}", text);
            } else if (FAILED.equals(device.state)) {
                log.critical("{}", text);
            } else {
                log.warn("{}", text);
            }
        }
        return new Result(log);
    }

    private static String reason(DeviceDTO device) {
        if (device.failure != null) {
            return ": " + device.failure;
        }
        return DECLARED.equals(device.state) ? ": no transport for its address is there"
            : OPEN.equals(device.state) ? ": no driver has started it" : "";
    }
}
