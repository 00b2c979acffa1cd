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
    /** Taken while it was suspended, and not completed. */
    private final AtomicInteger waiting = new AtomicInteger();

    Backlog(VirtioDevice device, DeviceSettings settings) {
        this.device = device;
        this.settings = settings;
    }

    /**
     * Counts a submission.
     *
     * @return null, or why it is not taken
     */
    BlockQueueFullException refusal(Submission submission) {
        if (device.state() != DeviceState.SUSPENDED) {
            return null;
        }
        int limit = settings.maxSuspended();
        if (waiting.getAndUpdate(count -> count < limit ? count + 1 : count) < limit) {
            submission.future.whenComplete((nothing, failure) -> waiting.decrementAndGet());
            return null;
        }
        return new BlockQueueFullException("full: " + device.name() + " is suspended (" + device.failure() + "), and "
            + limit + " requests wait for it already (maxSuspended)");
    }
}
