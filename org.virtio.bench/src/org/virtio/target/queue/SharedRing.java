// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

import java.io.IOException;
import org.virtio.core.queue.Ring;
import org.virtio.core.queue.RingArena;
import org.virtio.device.FeatureSet;
import org.virtio.memory.DmaBuffer;
import org.virtio.posix.SharedMemory;
import org.virtio.spec.Feature;
import org.virtio.spec.PackedRingLayout;
import org.virtio.transport.QueueSetup;

/** The driver of the core and the device of the embedded target over one ring, in memory that is mapped twice. */
final class SharedRing {
    private static final RingArena ARENA;
    private static final DriverMemory MEMORY;
    /** Both at 0, both wrap counters 1. */
    private static final int FIRST_ROUND = PackedRingLayout.WRAP_COUNTER | PackedRingLayout.WRAP_COUNTER << Short.SIZE;

    private final DmaBuffer buffer = ARENA.buffer();
    private final Ring driver;
    private final DeviceRing device;

    static {
        try {
            SharedMemory memory = SharedMemory.create("stress", RingArena.BYTES, false);
            ARENA = new RingArena(memory.mapping().buffer());
            MEMORY = DriverMemory.NONE.with(MemoryRegion.map(0, 0, RingArena.BYTES, memory.fd(), 0));
        } catch (IOException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** An empty ring, without EVENT_IDX; neither side wants a notification. */
    SharedRing(boolean packed) {
        driver = RingArena.queue(buffer, packed, false);
        QueueSetup setup = driver.setup();
        try {
            FeatureSet features = packed ? FeatureSet.of(Feature.RING_PACKED) : FeatureSet.NONE;
            RingAddresses rings = new RingAddresses(setup.size(), setup.descriptorArea(), setup.driverArea(),
                setup.deviceArea(), features);
            device = packed ? new PackedDeviceRing(MEMORY, rings, FIRST_ROUND) : new SplitDeviceRing(MEMORY, rings, 0, null);
            device.begin();
        } catch (QueueException e) {
            throw new IllegalStateException(e);
        }
        device.suppressNotifications();
    }

    /** The driver makes a request available: 1 if it notifies. */
    int publish() {
        driver.begin(this, 1);
        driver.addWritable(buffer, 0, 1);
        return driver.flush() ? 1 : 0;
    }

    /** The device wants to sleep: 1 if it sees a request. */
    int askAndLook() {
        device.requestNotification();
        try {
            return device.hasAvailable() ? 1 : 0;
        } catch (QueueException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The driver wants to sleep: 1 if it does. */
    int sleepIfSafe() {
        return driver.enableNotifications() ? 1 : 0;
    }

    /** The device uses the first request: 1 if it notifies. */
    int use() {
        device.putUsed(0, 1, 1, 1);
        device.publish();
        return device.wantsNotification() ? 1 : 0;
    }
}
