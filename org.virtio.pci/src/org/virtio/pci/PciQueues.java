// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.pci.access.Registers;
import org.virtio.spec.Feature;
import org.virtio.transport.QueueSetup;

/** The queues of one device: set up, reset, and let go of (VIRTIO 1.3, sections 4.1.4.3, 4.1.4.4 and 2.6.1). */
final class PciQueues {
    private static final long RESET_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long RESET_STEP_NANOS = TimeUnit.MICROSECONDS.toNanos(50);

    private final OpenFunction open;
    private final CommonConfig common;
    private final DeviceEvents events;
    private final List<PciQueue> queues = new CopyOnWriteArrayList<>();
    private final Map<Integer, Integer> maxSizes = new HashMap<>();

    PciQueues(OpenFunction open, CommonConfig common, DeviceEvents events) {
        this.open = open;
        this.common = common;
        this.events = events;
    }

    /** Asked for once, since what a queue that was set up before reads as differs from device to device. */
    int maxSize(int index) throws IOException {
        Integer known = maxSizes.get(index);
        int size = known == null ? common.queueSize(index) : known;
        maxSizes.put(index, size);
        return size;
    }

    /**
     * Sets one up and enables it.
     *
     * @param accepted the features in force
     */
    PciQueue setUp(QueueSetup setup, FeatureSet accepted, Interrupts interrupts) throws IOException {
        int index = setup.index();
        boolean withData = accepted.contains(Feature.NOTIFICATION_DATA);
        common.setUp(setup, interrupts.queueVector(index));
        int name = accepted.contains(Feature.NOTIF_CONFIG_DATA) ? common.notifyName(index) : index;
        PciQueue queue = new PciQueue(index, notifyAddress(index, withData ? Integer.BYTES : Short.BYTES),
            new PciQueue.Form(withData, name), interrupts.queue(index), events::broken);
        queues.add(queue);
        common.enable(index);
        return queue;
    }

    /** Section 4.1.4.4. */
    private Registers notifyAddress(int index, int length) throws IOException {
        Registers notify = open.structures().notification();
        long offset = common.notifyOffset(index) * open.structures().notifyMultiplier();
        if (offset > notify.size() - length || offset % length != 0) {
            throw new VirtioException("the device wants queue " + index + " notified by " + length + " bytes at offset " + offset
                + " of its notification structure, which has " + notify.size() + " bytes");
        }
        return notify.slice(offset, length);
    }

    /** Resets one of a running device. */
    void reset(int index) throws IOException {
        common.startReset(index);
        awaitReset(index);
        queues.stream().filter(queue -> queue.index() == index).forEach(PciQueue::close);
        queues.removeIf(queue -> queue.index() == index);
    }

    /** An interrupt does not end the wait, and is kept for the caller. */
    private void awaitReset(int index) throws IOException {
        long start = System.nanoTime();
        boolean interrupted = false;
        try {
            while (!common.isReset(index)) {
                open.checkPresence();
                if (System.nanoTime() - start > RESET_NANOS) {
                    throw new VirtioException("queue " + index + " did not finish its reset within "
                        + TimeUnit.NANOSECONDS.toMillis(RESET_NANOS) + " ms");
                }
                LockSupport.parkNanos(RESET_STEP_NANOS);
                // A thread that is interrupted does not park.
                interrupted |= Thread.interrupted();
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Lets go of all: the device has been reset, or is to be closed. */
    void discard() {
        queues.forEach(PciQueue::close);
        queues.clear();
    }
}
