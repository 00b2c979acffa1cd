// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import java.util.List;
import java.util.Locale;
import org.virtio.device.ConfigSpace;
import org.virtio.device.DeviceAddress;
import org.virtio.device.DeviceDTO;
import org.virtio.device.DeviceListener;
import org.virtio.device.DeviceState;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioDevice;
import org.virtio.memory.DmaAllocator;
import org.virtio.queue.QueueDTO;
import org.virtio.queue.Virtqueue;
import org.virtio.spec.DeviceType;

/** What of a device can be asked, and done to its queues, without its lock. */
abstract class DeviceView implements VirtioDevice {
    final DeviceControl control;
    final DeviceLife life = new DeviceLife(this);
    final Suspension suspension = new Suspension();

    volatile DeviceAddress address;

    private final String name;
    private final DeviceType type;
    private final DeviceConfigSpace config;

    DeviceView(String name, DeviceAddress address, DeviceType type, DeviceControl control) {
        this.name = name;
        this.address = address;
        this.type = type;
        this.control = control;
        this.config = new DeviceConfigSpace(control.transport());
    }

    @Override
    public Virtqueue acquireQueue(int index) {
        return control.queues().ownership().acquire(index);
    }

    @Override
    public Virtqueue acquireFreeQueue(int fromIndex) {
        return control.queues().ownership().acquireFree(fromIndex);
    }

    @Override
    public void releaseQueue(Virtqueue queue) {
        QueueOwnership.release(queue);
    }

    /** Nothing of the transport that was lost is to be held any more: if the device goes on, then in empty rings. */
    public void forgetInflight() {
        control.forgetInflight();
    }

    @Override
    public void breakQueues(String reason) {
        control.queues().breakQueues(reason);
    }

    @Override
    public boolean unbreakQueues() {
        return control.queues().unbreakQueues();
    }

    @Override
    public Thread queueOwner(int index) {
        return control.queues().ownership().owner(index);
    }

    @Override
    public int queueCount() {
        return control.queues().count();
    }

    @Override
    public int fixedQueueCount() {
        return control.queues().fixed();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public DeviceAddress address() {
        return address;
    }

    @Override
    public DeviceType type() {
        return type;
    }

    @Override
    public DeviceState state() {
        return life.state();
    }

    @Override
    public FeatureSet deviceFeatures() {
        return control.deviceFeatures();
    }

    @Override
    public FeatureSet negotiatedFeatures() {
        return control.negotiatedFeatures();
    }

    @Override
    public ConfigSpace config() {
        return config;
    }

    @Override
    public int maxQueues() {
        return control.maxQueues();
    }

    @Override
    public DmaAllocator memory() {
        return control.memory();
    }

    @Override
    public void addListener(DeviceListener listener) {
        life.addListener(listener);
    }

    @Override
    public void removeListener(DeviceListener listener) {
        life.removeListener(listener);
    }

    @Override
    public List<QueueDTO> dumpQueues() {
        return control.dumpQueues();
    }

    @Override
    public DeviceDTO dump() {
        DeviceDTO dto = new DeviceDTO();
        dto.name = name;
        dto.address = address().toString();
        dto.transport = address().scheme();
        dto.type = type.shortName();
        dto.state = state().name().toLowerCase(Locale.ROOT);
        dto.failure = failure();
        control.dump(dto);
        dto.suspensions = suspension.count();
        dto.lastSuspensionNanos = suspension.lastNanos();
        return dto;
    }
}
