// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.event;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.event.Event;
import org.osgi.service.event.EventAdmin;
import org.virtio.device.DeviceListener;
import org.virtio.device.DeviceProperties;
import org.virtio.device.DeviceState;
import org.virtio.device.VirtioDevice;

/**
 * Posts an event for each change of a device, with the topics and properties of {@link DeviceProperties}. A component
 * apart from the registry, so that all else works where there is no EventAdmin.
 */
@Component(service = {})
public final class DeviceEventPublisher implements DeviceListener {
    private final EventAdmin eventAdmin;

    /** Posts to that EventAdmin. */
    @Activate
    public DeviceEventPublisher(@Reference EventAdmin eventAdmin) {
        this.eventAdmin = eventAdmin;
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindDevice(VirtioDevice device) {
        device.addListener(this);
        stateChanged(device, device.state());
    }

    void unbindDevice(VirtioDevice device) {
        device.removeListener(this);
        stateChanged(device, DeviceState.REMOVED);
    }

    @Override
    public void stateChanged(VirtioDevice device, DeviceState state) {
        post(DeviceProperties.TOPIC_PREFIX + state.name(), device, state);
    }

    @Override
    public void configurationChanged(VirtioDevice device) {
        post(DeviceProperties.TOPIC_CONFIGURATION, device, device.state());
    }

    private void post(String topic, VirtioDevice device, DeviceState state) {
        Map<String, Object> properties = new HashMap<>();
        properties.put(DeviceProperties.NAME, device.name());
        properties.put(DeviceProperties.TYPE, device.type().shortName());
        properties.put(DeviceProperties.TRANSPORT, device.address().scheme());
        properties.put(DeviceProperties.ADDRESS, device.address().toString());
        properties.put(DeviceProperties.STATE, state.name().toLowerCase(Locale.ROOT));
        if (device.failure() != null) {
            properties.put(DeviceProperties.REASON, device.failure());
        }
        eventAdmin.postEvent(new Event(topic, properties));
    }
}
