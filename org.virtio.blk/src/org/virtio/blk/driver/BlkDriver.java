// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import java.util.Dictionary;
import java.util.Hashtable;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.blk.BlockDevice;
import org.virtio.device.DeviceListener;
import org.virtio.device.DeviceProperties;
import org.virtio.device.DeviceState;
import org.virtio.device.VirtioDevice;
import org.virtio.device.VirtioException;

/** Starts every block device that appears, and registers a {@link BlockDevice} for it until it fails or goes. */
@Component(service = {}, immediate = true, configurationPid = "org.virtio.blk")
public final class BlkDriver {
    private static final Logger LOG = LoggerFactory.getLogger(BlkDriver.class);

    /** The driver's configuration. */
    public @interface Config {
        /** Microseconds to look for completions before sleeping, 0 to 1,000,000. */
        int spinMicros() default 50;

        /** Milliseconds to wait for requests in flight when a queue or device is given up, 0 to 60,000. */
        int drainMillis() default 2000;
    }

    private final BundleContext context;
    private final Settings settings;
    private final Map<VirtioDevice, Attachment> attachments = new ConcurrentHashMap<>();
    /** Does what must not be done on a transport's thread: it may be the one that delivers the answers of the device. */
    private final ExecutorService events = Executors.newSingleThreadExecutor(BlkDriver::newEventThread);

    /** Starts the driver; SCR then binds the devices. */
    @Activate
    public BlkDriver(BundleContext context, Config config) {
        this.context = context;
        this.settings = new Settings(config.spinMicros(), config.drainMillis());
    }

    @Modified
    void modified(Config config) {
        settings.update(config.spinMicros(), config.drainMillis());
    }

    @Deactivate
    void deactivate() {
        attachments.keySet().forEach(device -> detach(device, "the virtio-blk driver is stopping"));
        events.shutdown();
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC,
        target = "(" + DeviceProperties.TYPE + "=blk)")
    void bind(VirtioDevice device, Map<String, Object> properties) {
        try {
            Attachment attachment = new Attachment(device, BlkDevice.start(device, settings));
            attachments.put(device, attachment);
            attachment.register(properties);
        } catch (VirtioException e) {
            LOG.error("{} at {} is not driven: {}", device.name(), device.address(), e.getMessage());
        } catch (RuntimeException e) {
            LOG.error("{} at {} is not driven", device.name(), device.address(), e);
        }
    }

    void unbind(VirtioDevice device) {
        detach(device, "the device is being detached");
    }

    private void detach(VirtioDevice device, String reason) {
        Attachment attachment = attachments.remove(device);
        if (attachment != null) {
            attachment.withdraw(reason);
            attachment.stop();
        }
    }

    private static Thread newEventThread(Runnable task) {
        Thread thread = new Thread(task, "virtio-blk events");
        thread.setDaemon(true);
        thread.setContextClassLoader(BlkDriver.class.getClassLoader());
        return thread;
    }

    /** A device that we drive, and its service. */
    private final class Attachment implements DeviceListener {
        private final VirtioDevice device;
        private final BlkDevice block;
        private final AtomicBoolean reloading = new AtomicBoolean();
        private ServiceRegistration<BlockDevice> registration;
        private boolean withdrawn;

        Attachment(VirtioDevice device, BlkDevice block) {
            this.device = device;
            this.block = block;
        }

        /** No lock is held while the service is registered, so a withdrawal that comes meanwhile is made up for. */
        void register(Map<String, Object> deviceProperties) {
            device.addListener(this);
            ServiceRegistration<BlockDevice> registered =
                context.registerService(BlockDevice.class, block, serviceProperties(deviceProperties));
            boolean late;
            synchronized (this) {
                late = withdrawn;
                registration = registered;
            }
            if (late) {
                unregister();
            } else if (device.state() == DeviceState.FAILED) {
                // It may have failed before we listened.
                stateChanged(device, DeviceState.FAILED);
            }
        }

        @Override
        public void configurationChanged(VirtioDevice changed) {
            // One that waits will read what all of them announce: a device that says it in a loop fills no memory.
            if (reloading.compareAndSet(false, true)) {
                later(() -> {
                    reloading.set(false);
                    block.reloadCapacity();
                });
            }
        }

        @Override
        public void stateChanged(VirtioDevice changed, DeviceState state) {
            if (state == DeviceState.FAILED) {
                later(() -> withdraw("the device failed: " + device.failure()));
            }
        }

        /** Takes the service away and fails what is pending; again it does nothing. */
        void withdraw(String reason) {
            synchronized (this) {
                if (withdrawn) {
                    return;
                }
                withdrawn = true;
            }
            unregister();
            block.close(reason);
        }

        void stop() {
            device.removeListener(this);
            try {
                block.stop();
            } catch (RuntimeException e) {
                LOG.warn("{} could not be stopped", device.name(), e);
            }
        }

        private void unregister() {
            ServiceRegistration<BlockDevice> registered;
            synchronized (this) {
                registered = registration;
                registration = null;
            }
            if (registered == null) {
                return;
            }
            try {
                registered.unregister();
            } catch (IllegalStateException e) {
                LOG.debug("the framework has unregistered {} already", device.name(), e);
            }
        }

        private void later(Runnable task) {
            try {
                events.execute(task);
            } catch (RejectedExecutionException e) {
                LOG.debug("{} changed while the driver was stopping", device.name(), e);
            }
        }
    }

    private static Dictionary<String, Object> serviceProperties(Map<String, Object> deviceProperties) {
        Dictionary<String, Object> properties = new Hashtable<>();
        for (String key : new String[] {DeviceProperties.NAME, DeviceProperties.TYPE, DeviceProperties.TRANSPORT,
            DeviceProperties.ADDRESS}) {
            Object value = deviceProperties.get(key);
            if (value != null) {
                properties.put(key, value);
            }
        }
        properties.put(DeviceProperties.STATE, DeviceState.READY.name().toLowerCase(Locale.ROOT));
        return properties;
    }
}
