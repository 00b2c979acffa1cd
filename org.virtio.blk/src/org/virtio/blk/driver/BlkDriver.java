// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.osgi.framework.BundleContext;
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
import org.virtio.blk.BlockQueueFullException;
import org.virtio.device.DeviceProperties;
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

        /**
         * Requests of futures and of the synchronous methods that are taken for a device while it is suspended, 0 to
         * 100,000,000; more fail with {@link BlockQueueFullException}.
         */
        int maxSuspended() default 16_384;
    }

    private final BundleContext context;
    private final Settings settings;
    private final Map<VirtioDevice, Attachment> attachments = new ConcurrentHashMap<>();

    /** Starts the driver; SCR then binds the devices. */
    @Activate
    public BlkDriver(BundleContext context, Config config) {
        this.context = context;
        this.settings = new Settings(config.spinMicros(), config.drainMillis(), config.maxSuspended());
    }

    @Modified
    void modified(Config config) {
        settings.update(config.spinMicros(), config.drainMillis(), config.maxSuspended());
    }

    @Deactivate
    void deactivate() {
        attachments.keySet().forEach(device -> detach(device, "the virtio-blk driver is stopping"));
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC,
        target = "(" + DeviceProperties.TYPE + "=blk)")
    void bind(VirtioDevice device, Map<String, Object> properties) {
        try {
            Attachment attachment = new Attachment(context, device, BlkDevice.start(device, settings));
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
}
