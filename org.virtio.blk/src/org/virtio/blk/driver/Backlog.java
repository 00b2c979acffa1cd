// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import java.util.concurrent.atomic.AtomicInteger;
import org.virtio.blk.BlockQueueFullException;
import org.virtio.device.DeviceState;
import org.virtio.device.VirtioDevice;

/**
 * How many submissions are taken for a device that is suspended: none is completed until it goes on, so that whoever does not
 * wait for one before the next would fill the memory with them. Thread-safe.
 */
final class Backlog {
    private final VirtioDevice device;
    private final DeviceSettings settings;
    /** Of this suspension, or of the last one until somebody submits to the device that goes on. */
    private final AtomicInteger taken = new AtomicInteger();

    Backlog(VirtioDevice device, DeviceSettings settings) {
        this.device = device;
        this.settings = settings;
    }

    /**
     * Counts a submission.
     *
     * @return null, or why it is not taken
     */
    BlockQueueFullException refusal() {
        if (device.state() != DeviceState.SUSPENDED) {
            if (taken.getPlain() != 0) {
                taken.set(0);
            }
            return null;
        }
        int limit = settings.maxSuspended();
        if (taken.getAndUpdate(count -> count < limit ? count + 1 : count) < limit) {
            return null;
        }
        return new BlockQueueFullException("full: " + device.name() + " is suspended (" + device.failure() + "), and "
            + limit + " requests wait for it already (maxSuspended)");
    }
}
