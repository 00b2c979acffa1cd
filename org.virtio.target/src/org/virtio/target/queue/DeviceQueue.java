// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

import static org.virtio.spec.SplitRingLayout.availableRingSize;
import static org.virtio.spec.SplitRingLayout.descriptorTableSize;
import static org.virtio.spec.SplitRingLayout.usedRingSize;

import java.util.concurrent.atomic.LongAdder;
import org.virtio.posix.EventFd;
import org.virtio.spec.SplitRingLayout;

/**
 * The device side of one split virtqueue: takes what the driver made available, executes it, and hands it back. The used
 * index is published once for a batch, and the driver is notified once for a batch, if it wants that. Allocates nothing for
 * a request. Used by one thread at a time.
 */
public final class DeviceQueue {
    /** Enough to share the cost of publishing, and few enough for the driver to go on while the rest is executed. */
    private static final int MAX_BATCH = 32;
    private static final int INDEX_MASK = 0xffff;

    private final int size;
    private final DeviceRing ring;
    private final ChainReader reader;
    private final BlockRequests requests;
    /** Null for a device that behaves. */
    private final FaultyRequests faulty;
    private final EventFd call;
    private final LongAdder completed;
    private final Chain chain = new Chain();
    private int nextAvailable;
    private int nextUsed;

    /**
     * A queue.
     *
     * @param nextAvailable index in the available ring of the first request to take
     * @param call          notifies the driver; null if it does not want that; stays the caller's
     * @param completed     counts the requests
     * @throws QueueException if the rings are not in the driver's memory, or not aligned
     */
    public DeviceQueue(DriverMemory memory, RingAddresses rings, int nextAvailable, BlockDevice device, FaultPlan faults,
                       EventFd call, LongAdder completed) throws QueueException {
        this.size = rings.size();
        this.ring = new DeviceRing(size,
            memory.user("available ring", rings.available(), availableRingSize(size), SplitRingLayout.AVAILABLE_ALIGNMENT),
            memory.user("used ring", rings.used(), usedRingSize(size), SplitRingLayout.USED_ALIGNMENT),
            rings.eventIdx());
        this.reader = new ChainReader(memory, memory.user("descriptor table", rings.descriptors(), descriptorTableSize(size),
            SplitRingLayout.DESCRIPTOR_ALIGNMENT), size, rings.indirect());
        this.requests = new BlockRequests(device);
        this.faulty = faults == null ? null : new FaultyRequests(faults, requests, ring, size);
        this.call = call;
        this.completed = completed;
        this.nextAvailable = nextAvailable & INDEX_MASK;
    }

    /** Goes on where the used ring stands. Called first, and by the thread that polls: nobody else touches shared memory. */
    void begin() {
        nextUsed = ring.usedIndex();
        ring.suppressNotifications();
    }

    /** Index in the available ring of the next request to take: what the front end is told when the queue stops. */
    public int nextAvailable() {
        return nextAvailable;
    }

    /**
     * Executes what is available, up to a batch.
     *
     * @return how many requests it took
     * @throws QueueException if the driver broke the queue; what was completed before is published
     */
    int poll() throws QueueException {
        int count = available();
        if (count == 0) {
            return 0;
        }
        int before = nextUsed;
        try {
            int batch = Math.min(count, MAX_BATCH);
            for (int i = 0; i < batch; i++) {
                takeNext();
            }
            return batch;
        } finally {
            if (nextUsed != before) {
                publish(before);
            }
        }
    }

    private void takeNext() throws QueueException {
        int head = ring.availableHead(nextAvailable);
        reader.read(chain, head);
        BlockRequests.check(chain);
        nextAvailable = nextAvailable + 1 & INDEX_MASK;
        if (faulty != null) {
            nextUsed = faulty.serve(chain, nextUsed, nextAvailable);
        } else {
            ring.putUsed(nextUsed, head, requests.execute(chain));
            nextUsed = nextUsed + 1 & INDEX_MASK;
        }
    }

    private void publish(int before) {
        if (faulty != null) {
            faulty.beforePublish(before, nextUsed);
        }
        ring.publish(nextUsed);
        completed.add(nextUsed - before & INDEX_MASK);
        if (call != null && ring.wantsNotification(before, nextUsed) && (faulty == null || !faulty.losesNotification())) {
            call.signal();
        }
    }

    /**
     * How many requests the driver has made available that were not taken.
     *
     * @throws QueueException if the driver's index ran further ahead than the queue is long
     */
    int available() throws QueueException {
        int count = ring.availableIndex() - nextAvailable & INDEX_MASK;
        if (count > size) {
            throw new QueueException("the available index is " + count + " ahead, in a queue of " + size);
        }
        return count;
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
        ring.requestNotification(nextAvailable);
        return available() == 0;
    }
}
