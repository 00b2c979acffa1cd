// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.event;

import java.util.Map;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.event.Event;
import org.osgi.service.event.EventAdmin;
import org.virtio.device.DeviceAddress;
import org.virtio.host.HostDeviceListener;
import org.virtio.host.HostProperties;

/** Posts an event for each device of the host that comes or goes, with the topics and properties of {@link HostProperties}. */
@Component
public final class HostEventPublisher implements HostDeviceListener {
    private final EventAdmin eventAdmin;

    /** Posts to that EventAdmin. */
    @Activate
    public HostEventPublisher(@Reference EventAdmin eventAdmin) {
        this.eventAdmin = eventAdmin;
    }

    @Override
    public void appeared(DeviceAddress address) {
        post(HostProperties.TOPIC_APPEARED, address);
    }

    @Override
    public void removed(DeviceAddress address) {
        post(HostProperties.TOPIC_REMOVED, address);
    }

    private void post(String topic, DeviceAddress address) {
        eventAdmin.postEvent(new Event(topic, Map.of(HostProperties.ADDRESS, address.toString(),
            HostProperties.TRANSPORT, address.scheme())));
    }
}
