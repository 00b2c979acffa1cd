// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.fake;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import java.util.function.IntSupplier;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.memory.MemoryRegion;
import org.virtio.spec.DeviceStatus;
import org.virtio.spec.DeviceType;
import org.virtio.spec.Feature;
import org.virtio.transport.InflightRecord;
import org.virtio.transport.OwnedVirtqueue;
import org.virtio.transport.QueueNotifier;
import org.virtio.transport.QueueSetup;
import org.virtio.transport.Transport;
import org.virtio.transport.TransportListener;

/** A device without queues that work, whose public fields say how it misbehaves. It writes down what it is told. */
public final class FakeTransport implements Transport {
    /** What was done, in order. */
    public final List<String> calls = new CopyOnWriteArrayList<>();
    public final List<MemoryRegion> regions = new CopyOnWriteArrayList<>();
    public final List<QueueSetup> queues = new CopyOnWriteArrayList<>();
    public final Map<Integer, Integer> queueSizes = new HashMap<>();
    public final byte[] config = new byte[64];

    public volatile TransportListener listener;
    public volatile DeviceType type = DeviceType.BLOCK;
    public volatile FeatureSet features = FeatureSet.of(Feature.VERSION_1, Feature.EVENT_IDX);
    public volatile FeatureSet accepted;
    public volatile int maxQueues = 4;
    /** By how much the device's addresses are above this process's own. */
    public volatile long addressOffset;
    public volatile int maxRegions = 8;
    /** Status bits that do not stay set. */
    public volatile int refusedStatus;
    /** Status bits that nobody set. */
    public volatile int addedStatus;
    public volatile boolean resetNeverEnds;
    /** Reads of the status that a reset takes. */
    public volatile int resetReads;
    /** Whether it leaves the memory alone once it is closed. */
    public volatile boolean quiet = true;
    /** What its back end noted of requests that it had begun, or null. */
    public volatile InflightRecord inflight;
    /** Whether it goes on with what another back end noted. */
    public volatile boolean adopts;
    /** Why the device is lost before it is open, or null. */
    public volatile String failedAtOnce;
    /** Why the transport throws. */
    public volatile String dead;
    public volatile int failSetUpOf = -1;
    /** The size of queues that are refused. */
    public volatile int failSetUpOfSize = -1;
    /** Which of the resets of a queue fail, counted from 0. */
    public volatile IntPredicate failReset = count -> false;
    /** What happens while the device resets a queue. */
    public volatile Runnable duringReset = () -> { };
    /** Queues that are no rings, or null. */
    public volatile IntFunction<OwnedVirtqueue> supplied = index -> null;
    public final Map<Integer, FakeNotifier> notifiers = new ConcurrentHashMap<>();
    public volatile IntSupplier generation = () -> 7;
    /** Bytes of configuration too few in each reply. */
    public volatile int configShortBy;
    /** Where calls of {@link #status()} stop until it is counted down. */
    public volatile CountDownLatch gate = new CountDownLatch(0);
    /** Who called while another call was under way, or after close. */
    public final AtomicReference<String> trespass = new AtomicReference<>();

    private final AtomicReference<Thread> caller = new AtomicReference<>();
    private volatile int status;
    private volatile boolean resetting;
    private volatile int readsLeft;
    private volatile boolean closed;
    private int resets;

    /** Sets a further queue size than the usual 1024. */
    public FakeTransport queueSize(int index, int size) {
        queueSizes.put(index, size);
        return this;
    }

    /** Lets the transport fail as it would if the device hung up. */
    public void fail(String reason) {
        dead = reason;
        listener.failed(reason);
    }

    public boolean isClosed() {
        return closed;
    }

    private interface Call<T> {
        T run() throws VirtioException;
    }

    private <T> T call(String name, Call<T> call) throws VirtioException {
        if (!caller.compareAndSet(null, Thread.currentThread())) {
            trespass.compareAndSet(null, name + " by " + Thread.currentThread() + " while " + caller.get());
        }
        try {
            if (closed) {
                trespass.compareAndSet(null, name + " after close");
            }
            if (dead != null) {
                throw new VirtioException(dead);
            }
            if (!name.isEmpty()) {
                calls.add(name);
            }
            return call.run();
        } finally {
            caller.set(null);
        }
    }

    @Override
    public DeviceType deviceType() {
        return type;
    }

    @Override
    public int status() throws VirtioException {
        return call("", () -> {
            awaitGate();
            if (resetting && (resetNeverEnds || readsLeft-- > 0)) {
                return status;
            }
            if (resetting) {
                resetting = false;
                status = 0;
            }
            return status;
        });
    }

    private void awaitGate() {
        try {
            gate.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void status(int value) throws VirtioException {
        call("status " + DeviceStatus.toString(value), () -> {
            if (value == 0) {
                resetting = true;
                readsLeft = resetReads;
                queues.clear();
            } else {
                resetting = false;
                status = value & ~refusedStatus | addedStatus;
            }
            return null;
        });
    }

    @Override
    public FeatureSet deviceFeatures() throws VirtioException {
        return call("deviceFeatures", () -> features);
    }

    @Override
    public void driverFeatures(FeatureSet driverFeatures) throws VirtioException {
        call("driverFeatures", () -> accepted = driverFeatures);
    }

    @Override
    public int maxQueues() throws VirtioException {
        return call("maxQueues", () -> maxQueues);
    }

    @Override
    public int queueSize(int index) throws VirtioException {
        return call("queueSize " + index, () -> queueSizes.getOrDefault(index, 1024));
    }

    @Override
    public long map(MemoryRegion region) throws VirtioException {
        return call("map", () -> {
            if (regions.size() == maxRegions) {
                throw new VirtioException("the device takes no more than " + maxRegions + " regions");
            }
            regions.add(region);
            return region.address() + addressOffset;
        });
    }

    @Override
    public void unmap(MemoryRegion region) throws VirtioException {
        call("unmap", () -> regions.remove(region));
    }

    @Override
    public QueueNotifier setUpQueue(QueueSetup queue) throws VirtioException {
        return call("setUpQueue " + queue.index(), () -> {
            if (queue.index() == failSetUpOf || queue.size() == failSetUpOfSize) {
                throw new VirtioException("queue " + queue.index() + " refused");
            }
            queues.add(queue);
            FakeNotifier notifier = new FakeNotifier();
            notifiers.put(queue.index(), notifier);
            return notifier;
        });
    }

    @Override
    public OwnedVirtqueue supplyQueue(int index, int size) {
        return supplied.apply(index);
    }

    @Override
    public void resetQueue(int index) throws VirtioException {
        call("resetQueue " + index, () -> {
            // The device sees the ring until now, so it must be there: a closed region throws.
            regions.forEach(MemoryRegion::buffer);
            duringReset.run();
            if (failReset.test(resets++)) {
                throw new VirtioException("queue " + index + " does not reset");
            }
            return queues.removeIf(queue -> queue.index() == index);
        });
    }

    /** The memory by an address that the device was told. */
    public ByteBuffer at(long address) {
        for (MemoryRegion region : regions) {
            long offset = address - addressOffset - region.address();
            if (offset >= 0 && offset < region.size()) {
                return region.buffer().position((int) offset).slice().order(ByteOrder.LITTLE_ENDIAN);
            }
        }
        throw new IllegalArgumentException("no region has address " + address);
    }

    /** The queue as it was set up last. */
    public QueueSetup setup(int index) {
        return queues.stream().filter(queue -> queue.index() == index).reduce((first, last) -> last).orElseThrow();
    }

    @Override
    public byte[] readConfig(int offset, int length) throws VirtioException {
        return call("", () -> Arrays.copyOfRange(config, offset, offset + length - configShortBy));
    }

    @Override
    public void writeConfig(int offset, byte[] value) throws VirtioException {
        call("", () -> {
            System.arraycopy(value, 0, config, offset, value.length);
            return null;
        });
    }

    @Override
    public int configGeneration() throws VirtioException {
        return call("", () -> generation.getAsInt());
    }

    @Override
    public InflightRecord takeInflight() {
        InflightRecord taken = inflight;
        inflight = null;
        return taken;
    }

    @Override
    public boolean adoptInflight(InflightRecord record) {
        calls.add("adoptInflight");
        if (adopts) {
            inflight = record;
        }
        return adopts;
    }

    @Override
    public boolean isQuiet() {
        return quiet;
    }

    @Override
    public Map<String, Object> details() {
        return Map.of("fake", true);
    }

    @Override
    public void close() {
        // The device sees its memory until now, so it must be there: a closed region throws.
        regions.forEach(MemoryRegion::buffer);
        if (inflight != null) {
            inflight.close();
        }
        closed = true;
        calls.add("close");
    }
}
