// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.backend;

import java.util.concurrent.atomic.LongAdder;
import org.virtio.device.FeatureSet;
import org.virtio.target.queue.BlockDevice;
import org.virtio.target.queue.DriverMemory;
import org.virtio.target.queue.FaultPlan;
import org.virtio.target.queue.QueueException;
import org.virtio.target.queue.SplitInflight;

/** What a session's queues need to know of it. Used by the session's thread. */
interface SessionContext {
    /** The target's name, for messages and threads. */
    String name();

    /** The features that the driver accepted. */
    FeatureSet features();

    /** What the front end shares. */
    DriverMemory memory();

    /**
     * Where a queue writes down what it has in flight; null if it does not.
     *
     * @param index of the queue
     * @param size  descriptors of the queue
     * @throws QueueException if there is no room for it
     */
    SplitInflight inflight(int index, int size) throws QueueException;

    /** What is served. */
    BlockDevice device();

    /** How it misbehaves; null if it does not. */
    FaultPlan faults();

    /** Counts requests that were completed. */
    LongAdder requests();

    /** Nanoseconds for which an idle queue looks for requests. */
    long spinNanos();
}
