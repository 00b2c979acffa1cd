// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.device.DeviceListener;
import org.virtio.device.DeviceState;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioDevice;
import org.virtio.device.VirtioException;

/**
 * A device's state and those who listen to it. Changes are told in the order in which they happened and one at a time,
 * by {@link #deliver}, which is called where no lock is held.
 */
final class DeviceLife {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceLife.class);

    private final VirtioDevice device;
    private final CopyOnWriteArrayList<DeviceListener> listeners = new CopyOnWriteArrayList<>();
    private final Queue<Consumer<DeviceListener>> news = new ConcurrentLinkedQueue<>();
    /** Calls of {@link #deliver} to which nobody has attended; who raises it from 0 delivers for all. */
    private final AtomicInteger deliveries = new AtomicInteger();
    private volatile DeviceState state = DeviceState.OPEN;

    DeviceLife(VirtioDevice device) {
        this.device = device;
    }

    DeviceState state() {
        return state;
    }

    void addListener(DeviceListener listener) {
        listeners.addIfAbsent(listener);
    }

    void removeListener(DeviceListener listener) {
        listeners.remove(listener);
    }

    /** Changes the state, unless it is that already or a final one; synchronized so that the news have the same order. */
    synchronized void become(DeviceState next) {
        boolean over = state == DeviceState.REMOVED || state == DeviceState.FAILED && next != DeviceState.REMOVED;
        if (!over && state != next) {
            state = next;
            LOG.debug("Device {} is {}", device.name(), next);
            news.add(listener -> listener.stateChanged(device, next));
        }
    }

    /**
     * Has the listeners look at a device that comes back: {@code DeviceListener.resuming}.
     *
     * @throws VirtioException what the first of them throws that cannot go on with it
     */
    void ask(FeatureSet offered) throws VirtioException {
        for (DeviceListener listener : listeners) {
            listener.resuming(device, offered);
        }
    }

    void configurationChanged() {
        news.add(listener -> listener.configurationChanged(device));
    }

    /** Tells the listeners what is new, unless another thread, or this one further up its stack, is about that already. */
    void deliver() {
        if (deliveries.getAndIncrement() != 0) {
            return;
        }
        int attended = 1;
        do {
            for (Consumer<DeviceListener> item = news.poll(); item != null; item = news.poll()) {
                tell(item);
            }
            attended = deliveries.addAndGet(-attended);
        } while (attended != 0);
    }

    private void tell(Consumer<DeviceListener> item) {
        for (DeviceListener listener : listeners) {
            try {
                item.accept(listener);
            } catch (RuntimeException e) {
                LOG.warn("A listener of device {} failed", device.name(), e);
            }
        }
    }
}
