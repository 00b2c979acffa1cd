// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import java.util.Dictionary;
import java.util.Hashtable;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.blk.BlockDevice;
import org.virtio.device.DeviceListener;
import org.virtio.device.DeviceProperties;
import org.virtio.device.DeviceState;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioDevice;
import org.virtio.device.VirtioException;

/** A device that we drive, and its service. */
final class Attachment implements DeviceListener {
    private static final Logger LOG = LoggerFactory.getLogger(Attachment.class);

    private final BundleContext context;
    private final VirtioDevice device;
    private final BlkDevice block;
    private final DeviceEvents events;
    private final AtomicBoolean reloading = new AtomicBoolean();
    private ServiceRegistration<BlockDevice> registration;
    private Map<String, Object> properties = Map.of();
    private boolean withdrawn;

    Attachment(BundleContext context, VirtioDevice device, BlkDevice block) {
        this.context = context;
        this.device = device;
        this.block = block;
        this.events = new DeviceEvents(device.name());
    }

    /** No lock is held while the service is registered, so a withdrawal that comes meanwhile is made up for. */
    void register(Map<String, Object> deviceProperties) {
        properties = deviceProperties;
        device.addListener(this);
        block.onLastQueueBroken(why -> events.execute(() -> giveUp(why)));
        ServiceRegistration<BlockDevice> registered =
            context.registerService(BlockDevice.class, block, serviceProperties());
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
            events.execute(() -> {
                reloading.set(false);
                block.reloadCapacity();
            });
        }
    }

    @Override
    public void resuming(VirtioDevice back, FeatureSet offered) throws VirtioException {
        block.verify(offered);
    }

    @Override
    public void stateChanged(VirtioDevice changed, DeviceState state) {
        switch (state) {
            case FAILED -> events.execute(() -> withdraw("the device failed: " + device.failure()));
            case SUSPENDED -> events.execute(this::publish);
            case READY -> {
                events.execute(this::publish);
                // It may have grown meanwhile, without anybody to tell of that.
                configurationChanged(changed);
            }
            default -> { }
        }
    }

    private void publish() {
        ServiceRegistration<BlockDevice> registered;
        synchronized (this) {
            registered = registration;
        }
        try {
            if (registered != null) {
                registered.setProperties(serviceProperties());
            }
        } catch (IllegalStateException e) {
            LOG.debug("the service of {} is gone", device.name(), e);
        }
    }

    /** A device without a queue that works serves nobody, although its transport may be well. */
    private void giveUp(String why) {
        if (device.state() == DeviceState.FAILED) {
            withdraw("the device failed: " + device.failure());
        } else if (!isWithdrawn()) {
            LOG.error("{} at {} is driven no longer: {}", device.name(), device.address(), why);
            device.giveUp(why);
            withdraw(why);
        }
    }

    private synchronized boolean isWithdrawn() {
        return withdrawn;
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

    /** Lets go of the device, after {@link #withdraw}. */
    void stop() {
        device.removeListener(this);
        events.close();
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

    private Dictionary<String, Object> serviceProperties() {
        Dictionary<String, Object> current = new Hashtable<>();
        for (String key : new String[] {DeviceProperties.NAME, DeviceProperties.TYPE}) {
            if (properties.get(key) != null) {
                current.put(key, properties.get(key));
            }
        }
        current.put(DeviceProperties.TRANSPORT, device.address().scheme());
        current.put(DeviceProperties.ADDRESS, device.address().toString());
        current.put(DeviceProperties.STATE, device.state().name().toLowerCase(Locale.ROOT));
        return current;
    }
}
