// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.osgi.service.event.Event;
import org.osgi.service.event.EventAdmin;
import org.virtio.core.device.CoreDevice;
import org.virtio.core.fake.FakeProvider;
import org.virtio.device.DeviceAddress;
import org.virtio.device.DeviceProperties;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;

class DeviceEventPublisherTest {
    private final List<Event> events = new ArrayList<>();
    private final FakeProvider provider = new FakeProvider("fake");
    private CoreDevice device;
    private DeviceEventPublisher publisher;

    @BeforeEach
    void open() throws VirtioException {
        device = CoreDevice.open(provider, DeviceAddress.parse("fake:/there"), type -> "disk");
        publisher = new DeviceEventPublisher(new EventAdmin() {
            @Override
            public void postEvent(Event event) {
                events.add(event);
            }

            @Override
            public void sendEvent(Event event) {
                throw new UnsupportedOperationException("would hold the transport's thread");
            }
        });
    }

    @AfterEach
    void close() {
        device.close();
    }

    @Test
    void everyChangeIsAnEvent() throws VirtioException {
        publisher.bindDevice(device);
        device.negotiate(FeatureSet.NONE);
        device.start(1, 0);
        provider.last().listener.configurationChanged();
        provider.last().fail("hung up");
        publisher.unbindDevice(device);
        device.close();
        assertThat(events).extracting(Event::getTopic).containsExactly("org/virtio/device/OPEN",
            "org/virtio/device/READY", "org/virtio/device/CONFIGURATION", "org/virtio/device/FAILED",
            "org/virtio/device/REMOVED");
        assertThat(events).extracting(event -> event.getProperty(DeviceProperties.STATE))
            .containsExactly("open", "ready", "ready", "failed", "removed");
        assertThat(events).extracting(event -> event.getProperty(DeviceProperties.REASON))
            .containsExactly(null, null, null, "hung up", "hung up");
        Event first = events.get(0);
        assertThat(first.getProperty(DeviceProperties.NAME)).isEqualTo("disk");
        assertThat(first.getProperty(DeviceProperties.TYPE)).isEqualTo("blk");
        assertThat(first.getProperty(DeviceProperties.TRANSPORT)).isEqualTo("fake");
        assertThat(first.getProperty(DeviceProperties.ADDRESS)).isEqualTo("fake:/there");
    }
}
