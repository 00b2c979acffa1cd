// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.felix;

import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.event.Event;
import org.osgi.service.event.EventConstants;
import org.osgi.service.event.EventHandler;
import org.virtio.device.DeviceProperties;
import org.virtio.itest.support.Await;

/** Collects the events about one device. */
public final class Events implements EventHandler, AutoCloseable {
    private final List<Event> events = new ArrayList<>();
    private final ServiceRegistration<EventHandler> registration;

    /** Collects from now on. */
    public Events(BundleContext context, String device) {
        registration = context.registerService(EventHandler.class, this, new Hashtable<>(Map.of(
            EventConstants.EVENT_TOPIC, DeviceProperties.TOPIC_PREFIX + "*",
            EventConstants.EVENT_FILTER, Virtio.named(device))));
    }

    @Override
    public synchronized void handleEvent(Event event) {
        events.add(event);
    }

    /** Waits for an event of that topic, whose prefix is left out. */
    public Event await(String topic) {
        return Await.value("there is an event " + topic, () -> find(DeviceProperties.TOPIC_PREFIX + topic));
    }

    private synchronized Event find(String topic) {
        return events.stream().filter(event -> event.getTopic().equals(topic)).findFirst().orElse(null);
    }

    /** Forgets what was collected. */
    public synchronized void clear() {
        events.clear();
    }

    @Override
    public void close() {
        registration.unregister();
    }
}
