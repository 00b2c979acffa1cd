// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.osgi.service.event.Event;
import org.osgi.service.event.EventAdmin;
import org.virtio.device.DeviceAddress;
import org.virtio.host.HostProperties;

class HostEventPublisherTest {
    private final List<Event> events = new ArrayList<>();
    private final HostEventPublisher publisher = new HostEventPublisher(new EventAdmin() {
        @Override
        public void postEvent(Event event) {
            events.add(event);
        }

        @Override
        public void sendEvent(Event event) {
            throw new UnsupportedOperationException("would hold the transport's thread");
        }
    });

    @Test
    void whatComesAndGoesIsAnEvent() {
        publisher.appeared(DeviceAddress.parse("pci:0000:00:05.0"));
        publisher.removed(DeviceAddress.parse("pci:0000:00:06.0"));
        assertThat(events).extracting(Event::getTopic)
            .containsExactly("org/virtio/host/APPEARED", "org/virtio/host/REMOVED");
        assertThat(events).extracting(event -> event.getProperty(HostProperties.ADDRESS))
            .containsExactly("pci:0000:00:05.0", "pci:0000:00:06.0");
        assertThat(events).extracting(event -> event.getProperty(HostProperties.TRANSPORT)).containsOnly("pci");
    }
}
