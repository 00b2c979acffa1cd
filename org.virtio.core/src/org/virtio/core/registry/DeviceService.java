// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.registry;

import java.time.Duration;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.core.device.CoreDevice;
import org.virtio.device.DeviceListener;
import org.virtio.device.DeviceProperties;
import org.virtio.device.DeviceState;
import org.virtio.device.VirtioDevice;

/** An open device and its service. Thread-safe without a lock: the framework calls drivers while it (un)registers. */
final class DeviceService implements DeviceListener {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceService.class);

    private final BundleContext context;
    private final CoreDevice device;
    private final AtomicReference<ServiceRegistration<VirtioDevice>> registration = new AtomicReference<>();
    /** Calls of {@link #publish} to which nobody has attended. */
    private final AtomicInteger publications = new AtomicInteger();
    /** The thread that closes the device, from the moment in which that begins. */
    private final AtomicReference<Thread> closer = new AtomicReference<>();
    private final CountDownLatch closed = new CountDownLatch(1);

    DeviceService(BundleContext context, CoreDevice device) {
        this.context = context;
        this.device = device;
        device.addListener(this);
    }

    CoreDevice device() {
        return device;
    }

    /** Whether nobody has begun to close it. */
    boolean isOpen() {
        return closer.get() == null;
    }

    /** Registers the service, unless the device is closed meanwhile. When this returns drivers have bound to it. */
    void register() {
        if (closer.get() != null) {
            return;
        }
        registration.set(context.registerService(VirtioDevice.class, device, properties()));
        if (closer.get() != null) {
            unregister();
        } else {
            // A driver may have started the device before there was a registration to say so.
            publish();
        }
    }

    @Override
    public void stateChanged(VirtioDevice changed, DeviceState state) {
        publish();
    }

    /** Brings the service properties up to date: one thread does it, the others leave it a note to do it again. */
    private void publish() {
        if (publications.getAndIncrement() != 0) {
            return;
        }
        int attended = 1;
        do {
            ServiceRegistration<VirtioDevice> current = registration.get();
            if (current != null) {
                try {
                    current.setProperties(properties());
                } catch (IllegalStateException e) {
                    LOG.trace("The service of device {} is gone", device.name(), e);
                }
            }
            attended = publications.addAndGet(-attended);
        } while (attended != 0);
    }

    private Dictionary<String, Object> properties() {
        Dictionary<String, Object> properties = new Hashtable<>();
        properties.put(DeviceProperties.NAME, device.name());
        properties.put(DeviceProperties.TYPE, device.type().shortName());
        properties.put(DeviceProperties.TRANSPORT, device.address().scheme());
        properties.put(DeviceProperties.ADDRESS, device.address().toString());
        properties.put(DeviceProperties.STATE, device.state().name().toLowerCase(Locale.ROOT));
        return properties;
    }

    /**
     * Unregisters the service, so that drivers let go, then closes the device. If another thread is about it already,
     * waits for that one: who gets here may be about to take the transport away.
     *
     * @param limit of that wait
     */
    void close(Duration limit) {
        if (!closer.compareAndSet(null, Thread.currentThread())) {
            // A driver that stops the transport's bundle when told to let go would wait for itself.
            if (closer.get() != Thread.currentThread()) {
                awaitClosed(limit);
            }
            return;
        }
        try {
            unregister();
        } finally {
            try {
                device.close();
            } finally {
                closed.countDown();
            }
        }
    }

    private void unregister() {
        ServiceRegistration<VirtioDevice> current = registration.getAndSet(null);
        if (current != null) {
            try {
                current.unregister();
            } catch (IllegalStateException e) {
                LOG.trace("The framework has unregistered device {} already", device.name(), e);
            }
        }
    }

    private void awaitClosed(Duration limit) {
        try {
            if (!closed.await(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warn("Device {} is still being closed", device.name());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
