// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.virtio.spec.PackedRingLayout.DESCRIPTOR_FLAGS;
import static org.virtio.spec.PackedRingLayout.DESCRIPTOR_ID;
import static org.virtio.spec.PackedRingLayout.DESCRIPTOR_LEN;
import static org.virtio.spec.PackedRingLayout.DESCRIPTOR_SIZE;
import static org.virtio.spec.PackedRingLayout.EVENT_FLAGS_DESC;
import static org.virtio.spec.PackedRingLayout.EVENT_FLAGS_DISABLE;
import static org.virtio.spec.PackedRingLayout.EVENT_FLAGS_ENABLE;
import static org.virtio.spec.PackedRingLayout.F_AVAIL;
import static org.virtio.spec.PackedRingLayout.F_USED;
import static org.virtio.spec.PackedRingLayout.WRAP_COUNTER;
import static org.virtio.spec.SplitRingLayout.F_WRITE;

/** VIRTIO 1.3, section 2.8. All happens in the first round, in which the wrap counters are 1. */
final class PackedEnds extends Ends {
    private static final int FIRST_DESCRIPTOR = EVENT_FLAGS_DESC << 16 | WRAP_COUNTER;
    private static final int LAST_DESCRIPTOR = FIRST_DESCRIPTOR | RingArena.SIZE - 1;

    PackedEnds(boolean eventIdx) {
        super(true, eventIdx);
    }

    /** In three pieces, as devices in C do it: a driver that reads them in more than one may see an old length or id. */
    @Override
    void putUsed() {
        device.putIntOpaque(DESCRIPTOR_LEN, WRITTEN);
        device.putShortPlain(DESCRIPTOR_ID, 0);
        device.putShortRelease(DESCRIPTOR_FLAGS, F_AVAIL | F_USED | F_WRITE);
    }

    @Override
    boolean isAvailable() {
        return (device.getShortAcquire(DESCRIPTOR_FLAGS) & (F_AVAIL | F_USED)) == F_AVAIL;
    }

    /** The second descriptor counts only with the flags that make it available, since they are not held back. */
    @Override
    int lengths() {
        long second = device.getLongPlain(DESCRIPTOR_SIZE + DESCRIPTOR_LEN);
        return (int) device.getLongPlain(DESCRIPTOR_LEN) + ((second >>> 48 & F_AVAIL) != 0 ? (int) second : 0);
    }

    @Override
    void refuseNotification() {
        device.putIntOpaque(deviceArea, eventIdx ? LAST_DESCRIPTOR : EVENT_FLAGS_DISABLE << 16);
    }

    @Override
    void askForNotification() {
        device.putIntOpaque(deviceArea, eventIdx ? FIRST_DESCRIPTOR : EVENT_FLAGS_ENABLE << 16);
    }

    @Override
    boolean driverWantsNotification() {
        return device.getIntOpaque(driverArea) == (eventIdx ? FIRST_DESCRIPTOR : EVENT_FLAGS_ENABLE << 16);
    }

    @Override
    boolean publishWithoutFence() {
        device.putShortRelease(DESCRIPTOR_FLAGS, F_AVAIL);
        return (int) device.getLongAcquire(deviceArea) == EVENT_FLAGS_ENABLE << 16;
    }

    @Override
    boolean askWithoutFence() {
        device.putLongRelease(deviceArea, EVENT_FLAGS_ENABLE << 16);
        return isAvailable();
    }
}
