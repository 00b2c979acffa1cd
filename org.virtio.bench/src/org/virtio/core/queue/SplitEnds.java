// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.virtio.spec.SplitRingLayout.AVAILABLE_ENTRY_SIZE;
import static org.virtio.spec.SplitRingLayout.AVAILABLE_FLAGS;
import static org.virtio.spec.SplitRingLayout.AVAILABLE_IDX;
import static org.virtio.spec.SplitRingLayout.AVAILABLE_RING;
import static org.virtio.spec.SplitRingLayout.DESCRIPTOR_LEN;
import static org.virtio.spec.SplitRingLayout.DESCRIPTOR_SIZE;
import static org.virtio.spec.SplitRingLayout.USED_F_NO_NOTIFY;
import static org.virtio.spec.SplitRingLayout.USED_FLAGS;
import static org.virtio.spec.SplitRingLayout.USED_IDX;
import static org.virtio.spec.SplitRingLayout.USED_RING;

import org.virtio.spec.SplitRingLayout;

/** VIRTIO 1.3, section 2.7. */
final class SplitEnds extends Ends {
    private static final int OUT_OF_REACH = 0x8000;

    private final int availableIdx;
    private final int usedFlags;
    private final int availEvent;

    SplitEnds(boolean eventIdx) {
        super(false, eventIdx);
        availableIdx = driverArea + AVAILABLE_IDX;
        usedFlags = deviceArea + USED_FLAGS;
        availEvent = deviceArea + SplitRingLayout.availEvent(RingArena.SIZE);
        // An impossible element where the real one will be.
        device.putLongPlain(deviceArea + USED_RING, -1);
    }

    @Override
    void putUsed() {
        device.putLongPlain(deviceArea + USED_RING, (long) WRITTEN << 32);
        device.putShortRelease(deviceArea + USED_IDX, 1);
    }

    @Override
    boolean isAvailable() {
        return device.getShortAcquire(availableIdx) != 0;
    }

    @Override
    int lengths() {
        return length(0) + length(1);
    }

    private int length(int position) {
        int head = device.getShortOpaque(driverArea + AVAILABLE_RING + AVAILABLE_ENTRY_SIZE * position);
        return (int) device.getLongPlain(head * DESCRIPTOR_SIZE + DESCRIPTOR_LEN);
    }

    @Override
    void refuseNotification() {
        if (eventIdx) {
            device.putShortOpaque(availEvent, OUT_OF_REACH);
        } else {
            device.putShortOpaque(usedFlags, USED_F_NO_NOTIFY);
        }
    }

    @Override
    void askForNotification() {
        device.putShortOpaque(eventIdx ? availEvent : usedFlags, 0);
    }

    @Override
    boolean driverWantsNotification() {
        int wish = eventIdx ? SplitRingLayout.usedEvent(RingArena.SIZE) : AVAILABLE_FLAGS;
        return device.getShortOpaque(driverArea + wish) == 0;
    }

    @Override
    boolean publishWithoutFence() {
        device.putShortRelease(availableIdx, 1);
        return device.getShortAcquire(usedFlags) == 0;
    }

    @Override
    boolean askWithoutFence() {
        device.putShortRelease(usedFlags, 0);
        return isAvailable();
    }
}
