// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.virtio.device.ConfigSpace;
import org.virtio.device.DeviceAddress;
import org.virtio.device.DeviceDTO;
import org.virtio.device.DeviceListener;
import org.virtio.device.DeviceState;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioDevice;
import org.virtio.device.VirtioException;
import org.virtio.memory.DmaAllocator;
import org.virtio.queue.UsedBufferHandler;
import org.virtio.queue.Virtqueue;
import org.virtio.spec.BlkConfigLayout;
import org.virtio.spec.BlkFeature;
import org.virtio.spec.DeviceType;
import org.virtio.spec.Feature;

/** A block device in memory, whose configuration, queues and disk a test can reach. */
final class FakeDevice implements VirtioDevice {
    final ByteBuffer configBytes = ByteBuffer.allocate(BlkConfigLayout.SIZE).order(ByteOrder.LITTLE_ENDIAN);
    final FakeMemory memory = new FakeMemory();
    final List<FakeQueue> queues = new ArrayList<>();
    final List<DeviceListener> listeners = new CopyOnWriteArrayList<>();
    FeatureSet offered = FeatureSet.of(Feature.VERSION_1, BlkFeature.MQ, BlkFeature.FLUSH);
    FeatureSet negotiated = FeatureSet.NONE;
    String name = "disk0";
    String address = "fake:0";
    FakeDisk disk;
    int maxQueues = 64;
    int queueSize = 64;
    long seed;
    int capacitySectors = 2048;
    int stops;
    volatile DeviceState state = DeviceState.OPEN;
    /** How often somebody asked for it. */
    final AtomicInteger stateReads = new AtomicInteger();
    volatile String failure;
    volatile VirtioException configFailure;
    /** Where reads of the configuration stop until it is counted down. */
    volatile CountDownLatch configGate = new CountDownLatch(0);
    final AtomicInteger configReads = new AtomicInteger();
    /** Runs on the owner's thread just after it has released a queue. */
    volatile Runnable afterRelease = () -> { };

    FakeDevice() {
        config(BlkConfigLayout.NUM_QUEUES, 2, 1);
        capacity(capacitySectors);
    }

    FakeDevice capacity(int sectors) {
        capacitySectors = sectors;
        return config(BlkConfigLayout.CAPACITY, 8, sectors);
    }

    FakeDevice offer(int feature) {
        offered = offered.with(feature);
        return this;
    }

    FakeDevice config(int offset, int bytes, long value) {
        for (int i = 0; i < bytes; i++) {
            configBytes.put(offset + i, (byte) (value >>> 8 * i));
        }
        return this;
    }

    /** Offers a feature and sets the field that comes with it. */
    FakeDevice offer(int feature, int offset, int bytes, long value) {
        return offer(feature).config(offset, bytes, value);
    }

    /** As when the transport finds the device lost. */
    void fail(String reason) {
        failure = reason;
        state = DeviceState.FAILED;
        queues.forEach(queue -> queue.breakQueue(reason));
        listeners.forEach(listener -> listener.stateChanged(this, DeviceState.FAILED));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public DeviceAddress address() {
        return DeviceAddress.parse(address);
    }

    @Override
    public DeviceType type() {
        return DeviceType.BLOCK;
    }

    @Override
    public DeviceState state() {
        stateReads.incrementAndGet();
        return state;
    }

    @Override
    public String failure() {
        return failure;
    }

    @Override
    public FeatureSet deviceFeatures() {
        return offered;
    }

    @Override
    public FeatureSet negotiatedFeatures() {
        return negotiated;
    }

    @Override
    public void negotiate(FeatureSet driverFeatures) {
        negotiated = driverFeatures.with(Feature.VERSION_1).and(offered);
    }

    @Override
    public ConfigSpace config() {
        return new FakeConfigSpace(this);
    }

    @Override
    public void giveUp(String reason) {
        if (stops > 0) {
            throw new AssertionError("given up after it was let go of");
        }
        failure = reason;
        state = DeviceState.FAILED;
    }

    @Override
    public int maxQueues() {
        return maxQueues;
    }

    @Override
    public int start(int wanted, int fixedQueues) throws VirtioException {
        disk = new FakeDisk(capacitySectors * 512, BlkConfig.read(config(), negotiated).limits());
        for (int i = 0; i < Math.min(wanted, maxQueues); i++) {
            queues.add(new FakeQueue(i, queueSize, disk, seed + i));
        }
        state = DeviceState.READY;
        return queues.size();
    }

    @Override
    public int queueCount() {
        return queues.size();
    }

    @Override
    public int fixedQueueCount() {
        return 1;
    }

    @Override
    public void stop() {
        stops++;
        queues.forEach(queue -> queue.breakQueue("stopped"));
    }

    @Override
    public DmaAllocator memory() {
        return memory;
    }

    @Override
    public synchronized Virtqueue acquireQueue(int index) {
        FakeQueue queue = queues.get(index);
        if (queue.owner != null && queue.owner.isAlive()) {
            throw new IllegalStateException("queue " + index + " is owned by " + queue.owner.getName());
        }
        boolean leftBehind = queue.owner != null;
        queue.owner = Thread.currentThread();
        if (leftBehind) {
            // As the core does: it is half a request.
            queue.abort();
        }
        return queue;
    }

    @Override
    public Virtqueue acquireFreeQueue(int fromIndex) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void releaseQueue(Virtqueue queue) {
        synchronized (this) {
            FakeQueue fake = (FakeQueue) queue;
            if (fake.owner != Thread.currentThread()) {
                throw new IllegalStateException("queue " + queue.index() + " is owned by " + fake.owner);
            }
            fake.owner = null;
        }
        afterRelease.run();
    }

    @Override
    public void resetQueue(Virtqueue queue, UsedBufferHandler used, UsedBufferHandler unused) throws VirtioException {
        throw new VirtioException("not this device");
    }

    @Override
    public void resizeQueue(Virtqueue queue, int size, UsedBufferHandler used, UsedBufferHandler unused)
            throws VirtioException {
        throw new VirtioException("not this device");
    }

    @Override
    public void breakQueues(String reason) {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean unbreakQueues() {
        throw new UnsupportedOperationException();
    }

    @Override
    public synchronized Thread queueOwner(int index) {
        return queues.get(index).owner;
    }

    @Override
    public void addListener(DeviceListener listener) {
        listeners.add(listener);
    }

    @Override
    public void removeListener(DeviceListener listener) {
        listeners.remove(listener);
    }

    @Override
    public DeviceDTO dump() {
        return new DeviceDTO();
    }
}
