// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.core.memory.RegionAllocator;
import org.virtio.core.queue.RingFormat;
import org.virtio.device.DeviceDTO;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.queue.QueueDTO;
import org.virtio.queue.UsedBufferHandler;
import org.virtio.queue.Virtqueue;
import org.virtio.spec.DeviceStatus;
import org.virtio.spec.DeviceType;
import org.virtio.spec.Feature;
import org.virtio.transport.InflightRecord;
import org.virtio.transport.OwnedVirtqueue;
import org.virtio.transport.RegionLimits;
import org.virtio.transport.Transport;

/**
 * Takes a device through the steps of its initialisation and of its death. {@link CoreDevice} sees to it that one thread
 * at a time calls what changes something; what only asks can be called by any.
 */
final class DeviceControl {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceControl.class);

    private final String name;
    private final DeviceType type;
    private final DeviceOptions options;
    private final Limits limits;
    private final SerialTransport transport;
    private final StatusSequence status;
    private final RegionAllocator memory;

    private volatile int maxQueues;
    private volatile FeatureSet deviceFeatures = FeatureSet.NONE;
    private volatile FeatureSet negotiatedFeatures = FeatureSet.NONE;
    private volatile DeviceQueues queues = DeviceQueues.NONE;
    /** Whether the device was left without a reset: it may write to any memory that it was told of. */
    private volatile boolean loose;
    /** Whether there is a transport. */
    private boolean connected = true;
    /** Of a device without a transport, if the next can go on in its rings as they are; else it holds null. */
    private final AtomicReference<InflightRecord> inflight = new AtomicReference<>();

    DeviceControl(String name, DeviceOptions options, Limits limits, Transport transport) {
        this.name = name;
        this.type = transport.deviceType();
        this.options = options;
        this.limits = limits;
        this.transport = new SerialTransport(transport);
        this.status = new StatusSequence(this.transport, limits.reset());
        RegionLimits regions = this.transport.regionLimits();
        this.memory = new RegionAllocator(options.regionBytes(), new RegionLimits(regions.maxBytes(),
            options.hugePages() || regions.hugePages()), this.transport::map, () -> loose || queues.isAnyBroken());
    }

    SerialTransport transport() {
        return transport;
    }

    RegionAllocator memory() {
        return memory;
    }

    int maxQueues() {
        return maxQueues;
    }

    FeatureSet deviceFeatures() {
        return deviceFeatures;
    }

    FeatureSet negotiatedFeatures() {
        return negotiatedFeatures;
    }

    /** The queues of the present start, or of one that failed and was not stopped yet. */
    DeviceQueues queues() {
        return queues;
    }

    /** Section 3.1.1, steps 1 and 2, and a first look at the device. */
    void acknowledge() throws VirtioException {
        status.reset();
        loose = false;
        memory.release();
        status.set(DeviceStatus.ACKNOWLEDGE);
        deviceFeatures = transport.deviceFeatures();
        maxQueues = transport.maxQueues();
    }

    /** Section 3.1.1, steps 1 to 6. */
    void negotiate(FeatureSet driverFeatures) throws VirtioException {
        acknowledge();
        status.set(DeviceStatus.DRIVER);
        if (!deviceFeatures.contains(Feature.VERSION_1)) {
            throw new VirtioException("the device does not offer VERSION_1, only " + deviceFeatures.names(type));
        }
        FeatureSet features = new RingFeatures(options).wanted(driverFeatures).and(deviceFeatures);
        status.agree(features, type);
        negotiatedFeatures = features;
    }

    /**
     * Section 3.1.1, steps 7 and 8.
     *
     * @return how many queues were set up
     */
    int start(int wantedQueues, int fixedQueues) throws VirtioException {
        maxQueues = transport.maxQueues();
        if (maxQueues < fixedQueues) {
            throw new VirtioException("the device has " + maxQueues + " queue(s), its driver needs " + fixedQueues);
        }
        int count = Math.min(wantedQueues, maxQueues);
        QueueBuilder builder = builder();
        List<QueueSlot> slots = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                builder.build(i, options.queueSize(), slots);
            }
            status.set(DeviceStatus.DRIVER_OK);
        } catch (VirtioException | RuntimeException e) {
            // The device may know of these rings: they are kept until it has been reset.
            DeviceQueues failed = new DeviceQueues(slots, fixedQueues);
            failed.retire("the device did not start: " + e.getMessage(), limits.owners());
            queues = failed;
            throw e;
        }
        queues = new DeviceQueues(slots, fixedQueues);
        return count;
    }

    private QueueBuilder builder() {
        return new QueueBuilder(transport, memory, RingFormat.of(negotiatedFeatures, options.indirectAbove()));
    }

    /**
     * Resets a queue that the calling thread owns, and sets it up again: {@code VirtioDevice.resizeQueue}.
     *
     * @param size 0 to leave it as it is
     */
    void resetQueue(Virtqueue queue, int size, UsedBufferHandler used, UsedBufferHandler unused) throws VirtioException {
        QueueSlot slot = queues.ownSlot(queue);
        if (!negotiatedFeatures.contains(Feature.RING_RESET)) {
            throw new VirtioException("device " + name + " cannot reset a single queue: RING_RESET was not negotiated");
        }
        builder().rebuild(slot, size == 0 ? queue.size() : size, used, unused);
    }

    /** Sets FAILED; whether the device can still be told does not matter any more. */
    void giveUp() {
        try {
            status.giveUp();
        } catch (VirtioException e) {
            LOG.debug("Device {} could not be told that it has failed", name, e);
        }
    }

    /**
     * The order of death as far as the rings: no new requests, owners gone, device reset, rings freed. If the device does
     * not become quiet nothing of its memory is ever freed.
     *
     * @param reachable false if the transport has failed
     * @return whether the device was reset and waits for a driver
     */
    boolean letGo(String reason, boolean reachable) {
        for (OwnedVirtqueue queue : queues.retire(reason, limits.owners())) {
            LOG.error("Queue {} of device {} was not released within {} ms by {}: its ring stays allocated",
                queue.index(), name, limits.owners().toMillis(), queue.owner());
        }
        boolean quiet = connected ? reachable && quiesce() : freeSuspended();
        // In this order: at every instant one of the two keeps what a loose device may write to from being handed out.
        loose = !quiet;
        queues = DeviceQueues.NONE;
        negotiatedFeatures = FeatureSet.NONE;
        if (quiet) {
            memory.release();
        }
        return quiet && connected;
    }

    /** No device knows the rings of one that is suspended. */
    private boolean freeSuspended() {
        if (loose) {
            return false;
        }
        queues.free();
        return true;
    }

    private boolean quiesce() {
        if (reset()) {
            queues.free();
            return true;
        }
        return false;
    }

    private boolean reset() {
        try {
            if (status.tryReset()) {
                return true;
            }
            memory.retain();
            LOG.error("Device {} did not finish its reset within {} ms, its status reads {}: its memory, {} bytes, "
                + "is never freed", name, limits.reset().toMillis(), status, memory.capacity());
        } catch (VirtioException e) {
            // A transport that throws has failed: it is cut off when it is closed, and the rings are freed after that.
            LOG.warn("Device {} could not be reset: {}", name, e.getMessage());
        }
        return false;
    }

    /**
     * Lets go of the transport, and keeps memory, queues, their owners and what is in flight.
     *
     * @param reachable false if the transport has failed: closing it cuts the device off
     * @return false if the device did not become quiet: then it may write to any of that memory, and nothing may go on in it
     */
    boolean suspend(boolean reachable) {
        boolean known = queues.suspend();
        if (reachable) {
            reset();
        }
        inflight.set(transport.takeInflight());
        if (!known) {
            forgetInflight();
        }
        disconnect();
        return becomeQuiet();
    }

    /** Returns whether the device that was let go of leaves the memory alone. */
    private boolean becomeQuiet() {
        boolean quiet = !memory.isRetained() && transport.isQuiet();
        loose = !quiet;
        if (quiet) {
            memory.release();
        }
        return quiet;
    }

    /** Whether the device may still write to any of the memory: nothing may go on in that. */
    boolean isLoose() {
        return loose;
    }

    /** The next back end gets empty rings. Any thread. */
    void forgetInflight() {
        InflightRecord record = inflight.getAndSet(null);
        if (record != null) {
            record.close();
        }
    }

    private void disconnect() {
        transport.close();
        memory.disconnect();
        connected = false;
    }

    /**
     * Takes a device that is back to DRIVER_OK, as its driver had it.
     *
     * @param verify has the driver look at the device before its queues work
     * @throws VirtioException if the device is not there for that any more; it is suspended as before then
     */
    void resume(Transport back, DriverCheck verify) throws VirtioException {
        transport.connect(back);
        connected = true;
        List<RingOffer> offers = new ArrayList<>();
        boolean done = false;
        try {
            status.reset();
            status.set(DeviceStatus.ACKNOWLEDGE);
            status.set(DeviceStatus.DRIVER);
            FeatureSet offered = transport.deviceFeatures();
            FeatureSet features = agreeAgain(offered, verify);
            offer(offers, handOverInflight());
            status.set(DeviceStatus.DRIVER_OK);
            maxQueues = transport.maxQueues();
            deviceFeatures = offered;
            negotiatedFeatures = features;
            offers.forEach(offer -> offer.make(memory.addresses()));
            done = true;
        } finally {
            if (!done) {
                reset();
                disconnect();
                becomeQuiet();
                offers.forEach(RingOffer::withdraw);
            }
        }
    }

    /**
     * Returns whether the device goes on in the rings as they are. What its predecessor had noted is offered once: if nothing
     * comes of it, the next attempt is with empty rings, which go with every back end.
     */
    private boolean handOverInflight() {
        InflightRecord record = inflight.getAndSet(null);
        if (record == null || transport.adoptInflight(record)) {
            return record != null;
        }
        record.close();
        return false;
    }

    private FeatureSet agreeAgain(FeatureSet offered, DriverCheck verify) throws VirtioException {
        FeatureSet features = new RingFeatures(options).wantedAgain(negotiatedFeatures, offered, type);
        status.agree(features, type);
        RegionLimits regions = transport.regionLimits();
        memory.connect(new RegionLimits(regions.maxBytes(), options.hugePages() || regions.hugePages()));
        verify.check(offered);
        return features;
    }

    private void offer(List<RingOffer> offers, boolean asTheyAre) throws VirtioException {
        int needed = queues.slots().size();
        if (transport.maxQueues() < needed) {
            throw new VirtioException("the device has " + transport.maxQueues() + " queue(s) now, its driver uses " + needed);
        }
        for (QueueSlot slot : queues.slots()) {
            offers.add(builder().offer(slot, asTheyAre));
        }
    }

    /** Section 3.1.1, step 2, for a device that waits for its next driver; that one will see whether it still works. */
    void acknowledgeAgain() {
        try {
            status.set(DeviceStatus.ACKNOWLEDGE);
        } catch (VirtioException e) {
            LOG.warn("Device {} could not be acknowledged: {}", name, e.getMessage());
        }
    }

    /** Closes the transport, then frees all memory that {@link #letGo} left. */
    void close() {
        forgetInflight();
        transport.close();
        memory.close();
    }

    /** The queues alone: asks the device nothing. */
    List<QueueDTO> dumpQueues() {
        return queues.dump();
    }

    void dump(DeviceDTO dto) {
        dto.status = readStatus();
        dto.deviceFeatures = deviceFeatures.names(type);
        dto.negotiatedFeatures = negotiatedFeatures.names(type);
        dto.maxQueues = maxQueues;
        dto.queues = queues.dump();
        dto.memoryAllocated = memory.allocated();
        dto.memoryCapacity = memory.capacity();
        dto.transportDetails = transport.details();
    }

    /** The status as the device has it now, or as it was last read from a device that cannot be asked any more. */
    private String readStatus() {
        try {
            return DeviceStatus.toString(transport.status());
        } catch (VirtioException e) {
            return status.toString();
        }
    }
}
