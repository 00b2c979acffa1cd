// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import static org.virtio.spec.BlkRequestLayout.T_IN;
import static org.virtio.spec.BlkRequestLayout.T_OUT;

import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.virtio.blk.BlockDevice;
import org.virtio.blk.BlockDeviceDTO;
import org.virtio.blk.BlockException;
import org.virtio.blk.BlockLimits;
import org.virtio.blk.BlockListener;
import org.virtio.blk.BlockQueue;
import org.virtio.blk.BlockTopology;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioDevice;
import org.virtio.device.VirtioException;
import org.virtio.memory.DmaAllocator;
import org.virtio.memory.DmaBuffer;
import org.virtio.spec.BlkConfigLayout;
import org.virtio.spec.BlkFeature;

/** A started block device. */
final class BlkDevice implements BlockDevice {
    /** A snapshot does without the ID string of a device that does not give it by then. */
    private static final long ID_WAIT_MILLIS = 1000;

    private final VirtioDevice device;
    private final BlkConfig config;
    private final Bounds bounds;
    private final QueueSet queues;
    private final CapacityWatch capacityWatch;
    private final DeviceId id;
    private final Backlog backlog;

    private BlkDevice(VirtioDevice device, BlkConfig config, DeviceSettings settings) throws VirtioException {
        this.device = device;
        this.config = config;
        this.bounds = new Bounds(device.name(), config.blockSize(), config.readOnly() || settings.readOnly(),
            config.capacity());
        this.capacityWatch = new CapacityWatch(device, bounds);
        this.queues = new QueueSet(device, config, bounds, settings);
        this.id = new DeviceId(queues);
        this.backlog = new Backlog(device, settings);
    }

    /**
     * Takes a device from whatever it is to DRIVER_OK.
     *
     * @throws VirtioException if it does not get there; the device has been let go of then
     */
    static BlkDevice start(VirtioDevice device, Settings settings) throws VirtioException {
        device.negotiate(BlkConfig.FEATURES);
        try {
            BlkConfig config = BlkConfig.read(device.config(), device.negotiatedFeatures());
            device.start(Math.max(1, Math.min(config.queues(), device.maxQueues())), 1);
            return new BlkDevice(device, config, DeviceSettings.of(device.address(), settings));
        } catch (VirtioException | RuntimeException e) {
            device.giveUp(e instanceof VirtioException ? e.getMessage() : e.toString());
            device.stop();
            throw e;
        }
    }

    /**
     * Looks at a device that is back.
     *
     * @throws VirtioException if requests that it took before could fail now, naming what has changed
     */
    void verify(FeatureSet offered) throws VirtioException {
        if (offered.contains(BlkFeature.RO) && !isReadOnly()) {
            throw new VirtioException("the disk is read-only now");
        }
        BlkConfig now = BlkConfig.read(device.config(), device.negotiatedFeatures());
        config.checkSuccessor(now, bounds.capacity());
        if (now.writeback() != config.writeback() && device.negotiatedFeatures().contains(BlkFeature.CONFIG_WCE)) {
            device.config().writeU8(BlkConfigLayout.WRITEBACK, config.writeback() ? 1 : 0);
        }
    }

    /** Refuses new requests, fails what is pending and ends the pollers. Returns in bounded time. */
    void close(String reason) {
        queues.close(reason);
    }

    /** Lets go of the device, after {@link #close}. */
    void stop() {
        device.stop();
        queues.free();
    }

    /** Who is told, once, when no queue works any more although nobody has closed the device; on any thread. */
    void onLastQueueBroken(Consumer<String> listener) {
        queues.onLastBroken(listener);
    }

    /** Follows the configuration; see {@link CapacityWatch#reload}. */
    void reloadCapacity() {
        capacityWatch.reload(this);
    }

    @Override
    public String name() {
        return device.name();
    }

    @Override
    public long capacity() {
        return bounds.capacity();
    }

    @Override
    public int blockSize() {
        return config.blockSize();
    }

    @Override
    public boolean isReadOnly() {
        return bounds.isReadOnly();
    }

    @Override
    public BlockLimits limits() {
        return config.limits();
    }

    @Override
    public BlockTopology topology() {
        return config.topology();
    }

    @Override
    public DmaAllocator memory() {
        return device.memory();
    }

    @Override
    public int queueCount() {
        return queues.count();
    }

    @Override
    public BlockQueue openQueue() throws BlockException {
        checkMayWait();
        return queues.open();
    }

    @Override
    public void read(long position, ByteBuffer destination) throws BlockException {
        await(() -> readAsync(position, destination));
    }

    @Override
    public void write(long position, ByteBuffer source) throws BlockException {
        await(() -> writeAsync(position, source));
    }

    @Override
    public void read(long position, DmaBuffer buffer, int offset, int length) throws BlockException {
        await(() -> readAsync(position, buffer, offset, length));
    }

    @Override
    public void write(long position, DmaBuffer buffer, int offset, int length) throws BlockException {
        await(() -> writeAsync(position, buffer, offset, length));
    }

    @Override
    public void flush() throws BlockException {
        await(() -> flushAsync());
    }

    @Override
    public void discard(long position, long length) throws BlockException {
        await(() -> discardAsync(position, length));
    }

    @Override
    public void writeZeroes(long position, long length, boolean unmap) throws BlockException {
        await(() -> writeZeroesAsync(position, length, unmap));
    }

    @Override
    public String id() throws BlockException {
        checkMayWait();
        IdRequest request = id.submit();
        join(request.submission().future);
        return id.of(request);
    }

    @Override
    public CompletableFuture<Void> readAsync(long position, ByteBuffer destination) {
        bounds.check(position, destination.remaining());
        if (destination.isReadOnly()) {
            throw new IllegalArgumentException("the buffer to read into is read-only");
        }
        return submit(new BounceSubmission(describe("read", position, destination.remaining()), T_IN, position, destination));
    }

    @Override
    public CompletableFuture<Void> writeAsync(long position, ByteBuffer source) {
        bounds.checkWrite(position, source.remaining());
        return submit(new BounceSubmission(describe("write", position, source.remaining()), T_OUT, position, source));
    }

    @Override
    public CompletableFuture<Void> readAsync(long position, DmaBuffer buffer, int offset, int length) {
        bounds.check(position, length);
        Bounds.checkBuffer(buffer, offset, length);
        if (!device.memory().owns(buffer)) {
            return submit(bounce("read", T_IN, position, buffer, offset, length));
        }
        return submit(new DirectSubmission(describe("read", position, length),
            (engine, callback, context) -> engine.transfer(T_IN, position, buffer, offset, length, callback, context)));
    }

    @Override
    public CompletableFuture<Void> writeAsync(long position, DmaBuffer buffer, int offset, int length) {
        bounds.checkWrite(position, length);
        Bounds.checkBuffer(buffer, offset, length);
        if (!device.memory().owns(buffer)) {
            return submit(bounce("write", T_OUT, position, buffer, offset, length));
        }
        return submit(new DirectSubmission(describe("write", position, length),
            (engine, callback, context) -> engine.transfer(T_OUT, position, buffer, offset, length, callback, context)));
    }

    @Override
    public CompletableFuture<Void> flushAsync() {
        return submit(new DirectSubmission("flush of " + device.name(), RequestEngine::flush));
    }

    @Override
    public CompletableFuture<Void> discardAsync(long position, long length) {
        bounds.checkWrite(position, length);
        return submit(new DirectSubmission(describe("discard", position, length),
            (engine, callback, context) -> engine.discard(position, length, callback, context)));
    }

    @Override
    public CompletableFuture<Void> writeZeroesAsync(long position, long length, boolean unmap) {
        bounds.checkWrite(position, length);
        return submit(new DirectSubmission(describe("write zeroes", position, length),
            (engine, callback, context) -> engine.writeZeroes(position, length, unmap, callback, context)));
    }

    @Override
    public SeekableByteChannel channel() {
        return new BlkChannel(this);
    }

    @Override
    public void addListener(BlockListener listener) {
        capacityWatch.add(listener);
    }

    @Override
    public void removeListener(BlockListener listener) {
        capacityWatch.remove(listener);
    }

    @Override
    public BlockDeviceDTO dump() {
        BlockDeviceDTO dto = new BlockDeviceDTO();
        dto.name = name();
        dto.id = id.withinMillis(ID_WAIT_MILLIS);
        dto.capacity = capacity();
        dto.blockSize = blockSize();
        dto.readOnly = isReadOnly();
        dto.writeback = config.writeback();
        dto.queues = queueCount();
        dto.maxSegmentSize = limits().maxSegmentSize();
        dto.maxSegments = limits().maxSegments();
        dto.maxDiscardBytes = limits().maxDiscardBytes();
        dto.maxWriteZeroesBytes = limits().maxWriteZeroesBytes();
        dto.physicalBlockSize = topology().physicalBlockSize();
        dto.optIoSize = topology().optIoSize();
        return dto;
    }

    private CompletableFuture<Void> submit(Submission submission) {
        BlockException refusal = backlog.refusal(submission);
        if (refusal == null) {
            queues.submit(submission);
        } else {
            submission.refuse(refusal);
        }
        return submission.future;
    }

    /** The address of another device's buffer means something else, or nothing, to this one. */
    private Submission bounce(String operation, int type, long position, DmaBuffer buffer, int offset, int length) {
        return new BounceSubmission(describe(operation, position, length), type, position, buffer.bytes().slice(offset, length));
    }

    private String describe(String operation, long position, long length) {
        return operation + " of " + length + " bytes at position " + position + " of " + device.name();
    }

    private static void await(Supplier<CompletableFuture<Void>> request) throws BlockException {
        checkMayWait();
        join(request.get());
    }

    /**
     * Waits for a poller. Not interruptible: the device may use the buffer until it has completed the request. A thread that
     * is interrupted stays so.
     */
    private static void join(CompletableFuture<Void> future) throws BlockException {
        try {
            future.join();
        } catch (CompletionException e) {
            BlockException failure = (BlockException) e.getCause();
            // The place to look at is the caller's, not the poller's.
            failure.fillInStackTrace();
            throw failure;
        }
    }

    private static void checkMayWait() {
        if (Thread.currentThread() instanceof Poller) {
            throw new IllegalStateException("a thread that completes requests cannot wait for one; use an async method");
        }
    }
}
