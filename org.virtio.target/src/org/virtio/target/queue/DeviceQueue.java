// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

import java.util.concurrent.atomic.LongAdder;
import org.virtio.posix.EventFd;
import org.virtio.spec.Feature;

/**
 * The device side of one virtqueue: takes what the driver made available, executes it, and hands it back. What is used is
 * published once for a batch, and the driver is notified once for a batch, if it wants that. Allocates nothing for a request.
 * Used by one thread at a time.
 */
public final class DeviceQueue {
    /** Enough to share the cost of publishing, and few enough for the driver to go on while the rest is executed. */
    static final int MAX_BATCH = 32;

    private final DeviceRing ring;
    private final UsedBuffers used;
    private final BlockRequests requests;
    /** Null for a device that behaves. */
    private final FaultyRequests faulty;
    private final EventFd call;
    private final LongAdder completed;
    private final Chain chain = new Chain();

    /**
     * A queue.
     *
     * @param base      where it goes on, as {@link #base()} tells it
     * @param inflight  where it is written down what a split queue has in flight; null if it is not
     * @param call      notifies the driver; null if it does not want that; stays the caller's
     * @param completed counts the requests
     * @throws QueueException if the rings are not in the driver's memory, or not aligned, or cannot stand at the base
     */
    public DeviceQueue(DriverMemory memory, RingAddresses rings, int base, SplitInflight inflight, BlockDevice device,
                       FaultPlan faults, EventFd call, LongAdder completed) throws QueueException {
        boolean inOrder = rings.has(Feature.IN_ORDER);
        this.ring = rings.has(Feature.RING_PACKED)
            ? new PackedDeviceRing(memory, rings, base) : new SplitDeviceRing(memory, rings, base, inflight);
        this.used = new UsedBuffers(ring, inOrder);
        this.requests = new BlockRequests(device);
        this.faulty = faults == null ? null : new FaultyRequests(faults, requests, ring, rings.size(), inOrder);
        this.call = call;
        this.completed = completed;
    }

    /** Goes on where the rings stand. Called first, and by the thread that polls: nobody else touches shared memory. */
    void begin() throws QueueException {
        ring.begin();
        if (faulty != null) {
            faulty.begin();
        }
        ring.suppressNotifications();
    }

    /**
     * Where the queue goes on: what the front end is told when it stops. For a split one the index of the next available
     * buffer; for a packed one the next available place in bits 0 to 15 and the next used in 16 to 31.
     */
    public int base() {
        return ring.base();
    }

    /**
     * Executes what is available, up to a batch.
     *
     * @return how many requests it took
     * @throws QueueException if the driver broke the queue; what was completed before is published
     */
    int poll() throws QueueException {
        if (!ring.hasAvailable()) {
            return 0;
        }
        int taken = 0;
        try {
            do {
                takeNext();
                taken++;
            } while (taken < MAX_BATCH && ring.hasMore());
            return taken;
        } finally {
            publish();
        }
    }

    private void takeNext() throws QueueException {
        ring.read(chain);
        BlockRequests.check(chain);
        ring.take(chain);
        if (faulty != null) {
            faulty.serve(chain);
        } else {
            used.use(chain.id(), chain.descriptors(), requests.execute(chain), chain.writableBytes());
        }
    }

    private void publish() {
        if (faulty != null) {
            faulty.use(used);
        }
        used.end();
        int count = ring.publish();
        if (count == 0) {
            return;
        }
        completed.add(count);
        if (call != null && ring.wantsNotification() && (faulty == null || !faulty.losesNotification())) {
            call.signal();
        }
    }

    /** Whether chains of another process are still to be executed: where the queue stands lies behind them already. */
    boolean hasLost() {
        return ring.hasLost();
    }

    /**
     * Whether the driver has made a request available that was not taken.
     *
     * @throws QueueException if the driver made more available than the queue is long
     */
    boolean hasAvailable() throws QueueException {
        return ring.hasAvailable();
    }

    /** Lets the driver make requests available without a notification. */
    void suppressNotifications() {
        ring.suppressNotifications();
    }

    /**
     * Asks the driver to notify of the next request.
     *
     * @return whether there is none yet, so that it is safe to sleep
     */
    boolean requestNotification() throws QueueException {
        ring.requestNotification();
        return !ring.hasAvailable();
    }
}
