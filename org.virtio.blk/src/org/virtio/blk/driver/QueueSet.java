// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.blk.BlockDeviceGoneException;
import org.virtio.blk.BlockException;
import org.virtio.blk.BlockQueue;
import org.virtio.device.DeviceState;
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
    private final DeviceSettings settings;
    private final Lane[] lanes;
    /** Pollers that have not ended, also those that are about to give their queue up. */
    private final Set<Poller> running = new HashSet<>();
    private volatile String closed;
    private volatile Consumer<String> lastBroken = why -> { };
    private boolean lastBrokenTold;

    /**
     * Looks at the queues of a started device and allocates what they need.
     *
     * @throws VirtioException if a queue is too small, or there is not enough shared memory
     */
    QueueSet(VirtioDevice device, BlkConfig config, Bounds bounds, DeviceSettings settings) throws VirtioException {
        this.device = device;
        this.config = config;
        this.bounds = bounds;
        this.settings = settings;
        this.lanes = new Lane[device.queueCount()];
        try {
            for (int i = 0; i < lanes.length; i++) {
                lanes[i] = new Lane(allocate(queueSize(i)));
            }
        } catch (VirtioException | RuntimeException e) {
            Stream.of(lanes).filter(Objects::nonNull).forEach(lane -> lane.memory.close());
            throw e;
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

    /** Who is told, once, when no queue works any more although nobody has closed the device. */
    void onLastBroken(Consumer<String> listener) {
        lastBroken = listener;
    }

    int count() {
        return lanes.length;
    }

    /** Whether the device is away: what is in flight takes as long as that. */
    boolean isSuspended() {
        return device.state() == DeviceState.SUSPENDED;
    }

    /** As {@link org.virtio.blk.BlockDevice#openQueue}. */
    BlockQueue open() throws BlockException {
        for (;;) {
            int index;
            Poller poller;
            synchronized (this) {
                index = laneToOpen();
                poller = lanes[index].poller;
                lanes[index].owner = Thread.currentThread();
                lanes[index].poller = null;
            }
            if (poller != null) {
                takeFrom(poller);
            }
            BlockQueue queue = open(index);
            if (queue != null) {
                return queue;
            }
            // It broke in its last moments with whoever had it, so look for another.
        }
    }

    /** Waits until a poller has given its queue up; if it takes too long, the poller has it as before. */
    private void takeFrom(Poller poller) throws BlockException {
        poller.handOver();
        long limit = settings.drainNanos() + JOIN_SLACK_NANOS;
        do {
            if (poller.awaitEnd(limit)) {
                return;
            }
        } while (isSuspended());
        synchronized (this) {
            if (!running.contains(poller)) {
                return;
            }
            // If it is about to end all the same, ended() has its turn after this.
            poller.keep();
            lanes[poller.index()].poller = poller;
            lanes[poller.index()].owner = null;
        }
        throw new BlockException("queue " + poller.index() + " of " + device.name() + " cannot be opened: the driver's poller "
            + "has requests in flight on it, which the device did not complete in " + limit / 1_000_000 + " ms");
    }

    /** Opens a queue that is the calling thread's already as far as this set goes; null if it is broken. */
    private BlockQueue open(int index) throws BlockException {
        Virtqueue queue = null;
        try {
            if (!isUsable(index)) {
                giveUp(index, null);
                return null;
            }
            queue = device.acquireQueue(index);
            BlkQueue opened = new BlkQueue(this, queue, newEngine(queue), bounds, settings);
            if (!isUsable(index) || queue.isBroken()) {
                giveUp(index, queue);
                return null;
            }
            synchronized (this) {
                lanes[index].opened = opened;
            }
            return opened;
        } catch (RuntimeException e) {
            giveUp(index, queue);
            throw new BlockException("queue " + index + " of " + device.name() + " cannot be opened: " + e.getMessage());
        }
    }

    private synchronized boolean isUsable(int index) {
        return closed == null && lanes[index].broken == null;
    }

    /** Why a queue is of no more use, or null. */
    synchronized String brokenReason(int index) {
        return lanes[index].broken;
    }

    private void giveUp(int index, Virtqueue queue) {
        release(queue);
        synchronized (this) {
            lanes[index].owner = null;
        }
        String broken = queue == null ? null : queue.brokenReason();
        if (broken != null) {
            broke(index, broken);
        }
    }

    /** An engine for a queue that the calling thread owns. What an owner left in flight that has died comes to its end first. */
    RequestEngine newEngine(Virtqueue queue) {
        Lane lane = lanes[queue.index()];
        BlkQueue abandoned;
        synchronized (this) {
            abandoned = lane.opened;
            lane.opened = null;
        }
        if (abandoned != null) {
            abandoned.endAbandoned();
        }
        return new RequestEngine(queue, lane.memory, config);
    }

    /** Takes back the queue of an application's thread, the calling one. */
    void closed(Virtqueue queue) {
        String broken = queue.brokenReason();
        release(queue);
        synchronized (this) {
            lanes[queue.index()].owner = null;
            lanes[queue.index()].opened = null;
        }
        if (broken != null) {
            broke(queue.index(), broken);
        }
    }

    /** A queue was found to be of no more use by who has it. */
    void broke(int index, String why) {
        synchronized (this) {
            lanes[index].broken = why;
        }
        tellIfLast();
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
    void ended(Poller poller, String broken) {
        synchronized (this) {
            Lane lane = lanes[poller.index()];
            if (lane.poller == poller) {
                lane.poller = null;
            }
            lane.broken = broken;
            running.remove(poller);
        }
        tellIfLast();
    }

    /** Without a lock: who is told may do as it likes. */
    private void tellIfLast() {
        StringJoiner why = new StringJoiner("; ", "no queue works any more: ", "");
        synchronized (this) {
            if (closed != null || lastBrokenTold) {
                return;
            }
            for (int i = 0; i < lanes.length; i++) {
                String failure = lanes[i].failure();
                if (failure == null) {
                    return;
                }
                why.add("queue " + i + " is broken: " + failure);
            }
            lastBrokenTold = true;
        }
        lastBroken.accept(why.toString());
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

    /**
     * Frees the queues' memory once the device is stopped, but for that of a queue that a thread still holds. If the device
     * did not let go, its allocator knows: nobody is given the memory before a reset.
     */
    synchronized void free() {
        for (Lane lane : lanes) {
            if (lane.poller == null && lane.isUnowned()) {
                lane.memory.close();
            }
        }
    }

    private int laneToOpen() throws BlockException {
        checkOpen();
        // One that was left behind comes later, as its requests may have to be waited for, and a poller's last.
        int index = find(lane -> lane.isFree() && lane.owner == null);
        index = index >= 0 ? index : find(Lane::isFree);
        index = index >= 0 ? index : find(lane -> lane.poller != null);
        if (index < 0) {
            throw allTaken();
        }
        return index;
    }

    private int find(Predicate<Lane> condition) {
        int index = 0;
        while (index < lanes.length && !condition.test(lanes[index])) {
            index++;
        }
        return index < lanes.length ? index : -1;
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
                lane.owner = null;
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
            boolean unowned = lanes[i].isUnowned();
            owned |= !unowned;
            who.add("queue " + i + (unowned ? " is broken: " + lanes[i].broken
                : " is owned by thread '" + lanes[i].owner.getName() + "'"));
        }
        return owned
            ? new BlockException("no queue of " + device.name() + " is left: " + who)
            : new BlockDeviceGoneException(device.name() + ": " + who);
    }
}
