// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import java.util.Set;
import java.util.concurrent.CopyOnWriteArraySet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.blk.BlockDevice;
import org.virtio.blk.BlockListener;
import org.virtio.device.VirtioDevice;
import org.virtio.device.VirtioException;

/** Follows a device's capacity and tells who listens. Thread-safe. */
final class CapacityWatch {
    private static final Logger LOG = LoggerFactory.getLogger(CapacityWatch.class);

    private final VirtioDevice device;
    private final Bounds bounds;
    private final Set<BlockListener> listeners = new CopyOnWriteArraySet<>();

    CapacityWatch(VirtioDevice device, Bounds bounds) {
        this.device = device;
        this.bounds = bounds;
    }

    void add(BlockListener listener) {
        listeners.add(listener);
    }

    void remove(BlockListener listener) {
        listeners.remove(listener);
    }

    /** Reads the capacity again. Waits for the device's answer, so not for the transport's thread that delivers it. */
    void reload(BlockDevice source) {
        long before = bounds.capacity();
        long now;
        try {
            now = BlkConfig.readCapacity(device.config(), bounds.blockSize());
        } catch (VirtioException | RuntimeException e) {
            LOG.warn("the capacity of {} may have changed but could not be read: {}", device.name(), e.toString());
            return;
        }
        if (now != before) {
            bounds.capacity(now);
            LOG.info("the capacity of {} changed from {} to {} bytes", device.name(), before, now);
            for (BlockListener listener : listeners) {
                tell(listener, source, before, now);
            }
        }
    }

    private void tell(BlockListener listener, BlockDevice source, long before, long now) {
        try {
            listener.capacityChanged(source, before, now);
        } catch (RuntimeException e) {
            LOG.warn("a listener of {} failed", device.name(), e);
        }
    }
}
