// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A device's ID string, asked for once it is wanted and then remembered. Thread-safe. */
final class DeviceId {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceId.class);

    private final QueueSet queues;
    private volatile String known;

    DeviceId(QueueSet queues) {
        this.queues = queues;
    }

    /** Asks the device. */
    IdRequest submit() {
        IdRequest request = new IdRequest("get id of " + queues.device().name());
        queues.submit(request.submission());
        return request;
    }

    /** What the device answered to a request that has completed. */
    String of(IdRequest completed) {
        known = completed.id();
        return known;
    }

    /** The ID string, or null if the device has not given it by then, or the calling thread is one that must not wait. */
    String withinMillis(long millis) {
        if (known == null && !(Thread.currentThread() instanceof Poller)) {
            IdRequest request = submit();
            try {
                request.submission().future.get(millis, TimeUnit.MILLISECONDS);
                of(request);
            } catch (ExecutionException | TimeoutException e) {
                LOG.debug("{} gave no ID string", queues.device().name(), e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        return known;
    }
}
