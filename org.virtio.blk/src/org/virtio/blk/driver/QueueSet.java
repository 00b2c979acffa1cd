// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.blk.BlockDeviceGoneException;
import org.virtio.blk.BlockException;
import org.virtio.blk.BlockQueue;
import org.virtio.device.VirtioDevice;
import org.virtio.device.VirtioException;
import org.virtio.memory.DmaBuffer;
import org.virtio.memory.DmaExhaustedException;
import org.virtio.queue.Virtqueue;

/**
 * Who has which virtqueue of a started device: nobody, a poller of ours, or a thread of an application. A poller is
 * started for a queue when the first thread submits to it, and gives it up when an application's thread wants one and
 * none is free. Thread-safe.
 */
final class QueueSet {
    private static final Logger LOG = LoggerFactory.getLogger(QueueSet.class);
    /** What a poller may need beyond the drain time to end. */
    private static final long JOIN_SLACK_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final VirtioDevice device;
    private final BlkConfig config;
    private final Bounds bounds;
    private final Settings settings;
    private final Lane[] lanes;
    /** Pollers that have not ended, also those that are about to give their queue up. */
    private final Set<Poller> running = new HashSet<>();
    private volatile String closed;

    /** One virtqueue. */
    private static final class Lane {
        /** Null unless a poller has the queue or is about to. */
        volatile Poller poller;
        /** The application's thread that has the queue or is about to, or null. */
        Thread owner;
        /** Why the queue is of no more use, or null. */
        String broken;
        /** What the queue's requests lie in, whoever owns it. */
        final DmaBuffer memory;

        Lane(DmaBuffer memory) {
            this.memory = memory;
        }

        boolean isFree() {
            return poller == null && owner == null && broken == null;
        }
    }

    /**
     * Looks at the queues of a started device and allocates what they need.
     *
     * @throws VirtioException if a queue is too small, or there is not enough shared memory
     */
    QueueSet(VirtioDevice device, BlkConfig config, Bounds bounds, Settings settings) throws VirtioException {
        this.device = device;
        this.config = config;
        this.bounds = bounds;
        this.settings = settings;
        this.lanes = new Lane[device.queueCount()];
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = new Lane(allocate(queueSize(i)));
        }
    }

    private int queueSize(int index) throws VirtioException {
        Virtqueue queue = device.acquireQueue(index);
        int size = queue.size();
        device.releaseQueue(queue);
        if (size <= RequestSlots.OVERHEAD) {
            throw new VirtioException("queue " + index + " has " + size + " descriptors; a read needs "
                + (RequestSlots.OVERHEAD + 1));
        }
        return size;
    }

    private DmaBuffer allocate(int queueSize) throws VirtioException {
        try {
            return device.memory().allocate(RequestSlots.memorySize(queueSize));
        } catch (DmaExhaustedException e) {
            throw new VirtioException("no shared memory for the requests of a queue of " + queueSize, e);
        }
    }

    VirtioDevice device() {
        return device;
    }

    /** Why the device is of no more use. */
    String failure() {
        String failure = device.failure();
        return failure != null ? failure : closed != null ? closed : "the device is gone";
    }

    int count() {
        return lanes.length;
    }

    /** As {@link org.virtio.blk.BlockDevice#openQueue}. */
    BlockQueue open() throws BlockException {
        for (;;) {
            Lane lane;
            Poller poller;
            synchronized (this) {
                lane = laneToOpen();
                poller = lane.poller;
                lane.owner = Thread.currentThread();
                lane.poller = null;
            }
            if (poller != null) {
                poller.handOver();
                poller.awaitEnd(Long.MAX_VALUE);
            }
            synchronized (this) {
                if (lane.broken == null && closed == null) {
                    return open(lane);
                }
                // It broke in the poller's last moments, so look for another.
                lane.owner = null;
            }
        }
    }

    private BlockQueue open(Lane lane) throws BlockException {
        int index = List.of(lanes).indexOf(lane);
        try {
            Virtqueue queue = device.acquireQueue(index);
            return new BlkQueue(this, queue, newEngine(queue), bounds, settings);
        } catch (RuntimeException e) {
            lane.owner = null;
            throw new BlockException("queue " + index + " of " + device.name() + " cannot be opened: " + e.getMessage());
        }
    }

    /** An engine for a queue that the calling thread owns. */
    RequestEngine newEngine(Virtqueue queue) {
        return new RequestEngine(queue, lanes[queue.index()].memory, config);
    }

    /** Takes back the queue of an application's thread, the calling one. */
    void closed(Virtqueue queue) {
        String broken = queue.brokenReason();
        release(queue);
        synchronized (this) {
            lanes[queue.index()].owner = null;
            lanes[queue.index()].broken = broken;
        }
    }

    /** Gives a queue back to the device, or nothing if there is none. */
    void release(Virtqueue queue) {
        try {
            if (queue != null) {
                device.releaseQueue(queue);
            }
        } catch (RuntimeException e) {
            LOG.warn("queue {} of {} could not be released", queue.index(), device.name(), e);
        }
    }

    /** A poller has released its queue. */
    synchronized void ended(Poller poller, String broken) {
        Lane lane = lanes[poller.index()];
        if (lane.poller == poller) {
            lane.poller = null;
        }
        lane.broken = broken;
        running.remove(poller);
    }

    /** Gives a submission to the poller for the calling thread, or fails it if no queue can have one. */
    void submit(Submission submission) {
        int preferred = (int) (Thread.currentThread().getId() % lanes.length);
        Poller poller = lanes[preferred].poller;
        if (poller == null) {
            poller = pollerFor(submission, preferred);
        }
        if (poller != null) {
            poller.submit(submission);
        }
    }

    /** Submits anew what reached a poller that has ended. */
    void resubmit(Poller ended) {
        List<Submission> leftOver = new ArrayList<>();
        synchronized (this) {
            for (Submission next = ended.pollLeftOver(); next != null; next = ended.pollLeftOver()) {
                leftOver.add(next);
            }
        }
        leftOver.forEach(this::submit);
    }

    /** Ends all pollers and fails what they have. Returns in bounded time. */
    void close(String reason) {
        List<Poller> pollers;
        synchronized (this) {
            closed = reason;
            pollers = List.copyOf(running);
        }
        long deadline = System.nanoTime() + settings.drainNanos();
        pollers.forEach(poller -> poller.abort(reason, deadline));
        for (Poller poller : pollers) {
            if (!poller.awaitEnd(deadline + JOIN_SLACK_NANOS - System.nanoTime())) {
                LOG.warn("{} has not ended in time", poller.getName());
            }
        }
    }

    /** Frees the queues' memory once the device has let go of it; that of a broken queue stays until the device is closed. */
    synchronized void free() {
        for (Lane lane : lanes) {
            if (lane.isFree()) {
                lane.memory.close();
            }
        }
    }

    private Lane laneToOpen() throws BlockException {
        checkOpen();
        for (Lane lane : lanes) {
            if (lane.isFree()) {
                return lane;
            }
        }
        for (Lane lane : lanes) {
            if (lane.poller != null) {
                return lane;
            }
        }
        throw allTaken();
    }

    private Poller pollerFor(Submission submission, int preferred) {
        Poller started;
        synchronized (this) {
            try {
                checkOpen();
                started = startOrFind(preferred);
            } catch (BlockException e) {
                submission.refuse(e);
                return null;
            }
        }
        return started;
    }

    private Poller startOrFind(int preferred) throws BlockException {
        for (int i = 0; i < lanes.length; i++) {
            int index = (preferred + i) % lanes.length;
            Lane lane = lanes[index];
            if (lane.isFree()) {
                Poller poller = new Poller(this, index, settings);
                poller.start();
                running.add(poller);
                lane.poller = poller;
            }
            if (lane.poller != null) {
                return lane.poller;
            }
        }
        throw allTaken();
    }

    private void checkOpen() throws BlockException {
        if (closed != null) {
            throw new BlockDeviceGoneException(device.name() + ": " + closed);
        }
    }

    private BlockException allTaken() {
        StringJoiner who = new StringJoiner("; ");
        boolean owned = false;
        for (int i = 0; i < lanes.length; i++) {
            owned |= lanes[i].owner != null;
            who.add("queue " + i + (lanes[i].owner == null ? " is broken: " + lanes[i].broken
                : " is owned by thread '" + lanes[i].owner.getName() + "'"));
        }
        return owned
            ? new BlockException("no queue of " + device.name() + " is left: " + who)
            : new BlockDeviceGoneException(device.name() + ": " + who);
    }
}
