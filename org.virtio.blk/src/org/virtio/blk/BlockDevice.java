// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk;

import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.util.concurrent.CompletableFuture;
import org.osgi.annotation.versioning.ProviderType;
import org.virtio.memory.DmaAllocator;
import org.virtio.memory.DmaBuffer;

/**
 * A virtio block device (VIRTIO 1.3, section 5.2): a service with the properties of {@code DeviceProperties}, registered
 * by the virtio-blk driver while the device is ready. Thread-safe.
 *
 * <p>Positions and lengths are in bytes and multiples of {@link #blockSize()}. Requests that are not, that lie beyond the
 * {@link #capacity()}, or that write to a read-only device are refused with an {@link IllegalArgumentException} that has
 * the numbers, before they reach the device. Requests of any length are split as the device's {@link #limits()} ask.
 *
 * <p>Three ways to do I/O, on the same device at the same time:
 * <ul>
 * <li>{@link #openQueue()}: a virtqueue owned by the calling thread; nothing is allocated per request.
 * <li>the {@code Async} methods, by any thread, run by pollers of the driver, one for each queue in use.
 * <li>the synchronous methods and {@link #channel()}, which wait for the same pollers.
 * </ul>
 * A {@link DmaBuffer} of {@link #memory()} is read and written in place; a {@link ByteBuffer}, or a {@link DmaBuffer} of
 * another device, is copied through one. A {@link BlockQueue} refuses the latter.
 *
 * <p>While the device is suspended, requests wait for it; those of futures and of the synchronous methods fail with a
 * {@link BlockQueueFullException} when so many wait as the driver's configuration allows ({@code maxSuspended}).
 *
 * <p>The synchronous methods wait for as long as the device takes, also when the thread is interrupted (it stays so): the
 * buffer is the device's until then. Futures are completed by a poller's thread, which also runs what depends on them: that
 * must not wait, and gets an {@link IllegalStateException} from the synchronous methods and {@link #openQueue()}.
 */
@ProviderType
public interface BlockDevice {
    /** The name under which the device was attached. */
    String name();

    /** Bytes on the device; may change while it runs, see {@link #addListener}. */
    long capacity();

    /** Bytes in a block: a power of two, at least 512. */
    int blockSize();

    /** Whether the device refuses writes. */
    boolean isReadOnly();

    /** What the device can take in one request. */
    BlockLimits limits();

    /** How the device would like its I/O to be laid out. */
    BlockTopology topology();

    /** Memory for buffers that are read and written in place. */
    DmaAllocator memory();

    /** Queues that the device was started with. */
    int queueCount();

    /**
     * Makes the calling thread the owner of a queue. If pollers of the driver hold all of them, one is told to finish what
     * it has and to give its queue up. The queue of a thread that has ended without closing it can be had too: what that
     * thread left in flight is completed first, on the calling thread; a request that it had not submitted may come to
     * {@link BlockResult#DEVICE_GONE}. Either way the device has the driver's time limit.
     *
     * @throws BlockException if every queue has an owner already (the message names them), the device does not complete what a
     *     poller has in flight (which then keeps its queue), or the device is gone
     */
    BlockQueue openQueue() throws BlockException;

    /** Reads {@code destination.remaining()} bytes; its position moves to its limit. */
    void read(long position, ByteBuffer destination) throws BlockException;

    /** Writes {@code source.remaining()} bytes; its position moves to its limit. */
    void write(long position, ByteBuffer source) throws BlockException;

    /** Reads into a part of a DMA buffer, without a copy if it is of {@link #memory()}. */
    void read(long position, DmaBuffer buffer, int offset, int length) throws BlockException;

    /** Writes a part of a DMA buffer, without a copy if it is of {@link #memory()}. */
    void write(long position, DmaBuffer buffer, int offset, int length) throws BlockException;

    /** Makes all completed writes durable; on a device without a cache to flush, does nothing. */
    void flush() throws BlockException;

    /**
     * Tells the device that a range is no longer needed; what it reads as afterwards is undefined.
     *
     * @throws BlockUnsupportedException if the device does not offer it
     */
    void discard(long position, long length) throws BlockException;

    /**
     * Makes a range read as zeroes.
     *
     * @param unmap whether the device may deallocate the range
     * @throws BlockUnsupportedException if the device does not offer it
     */
    void writeZeroes(long position, long length, boolean unmap) throws BlockException;

    /** The device's ID string, up to 20 ASCII characters. */
    String id() throws BlockException;

    /**
     * As {@link #read(long, ByteBuffer)}. The buffer belongs to the driver until the future completes, exceptionally with a
     * {@link BlockException}.
     */
    CompletableFuture<Void> readAsync(long position, ByteBuffer destination);

    /** As {@link #write(long, ByteBuffer)}; see {@link #readAsync(long, ByteBuffer)}. */
    CompletableFuture<Void> writeAsync(long position, ByteBuffer source);

    /** As {@link #read(long, DmaBuffer, int, int)}; see {@link #readAsync(long, ByteBuffer)}. */
    CompletableFuture<Void> readAsync(long position, DmaBuffer buffer, int offset, int length);

    /** As {@link #write(long, DmaBuffer, int, int)}; see {@link #readAsync(long, ByteBuffer)}. */
    CompletableFuture<Void> writeAsync(long position, DmaBuffer buffer, int offset, int length);

    /** As {@link #flush()}. */
    CompletableFuture<Void> flushAsync();

    /** As {@link #discard}. */
    CompletableFuture<Void> discardAsync(long position, long length);

    /** As {@link #writeZeroes}. */
    CompletableFuture<Void> writeZeroesAsync(long position, long length, boolean unmap);

    /**
     * A channel over the whole device, at position 0. Any position and length are good: blocks that are written in part
     * are read first, which is not atomic. The size is the capacity; truncating is refused; a write beyond the end is cut
     * short as at the end of a full disk. Closing it flushes.
     */
    SeekableByteChannel channel();

    /** Adds a listener; adding it again does nothing. */
    void addListener(BlockListener listener);

    /** Removes a listener. */
    void removeListener(BlockListener listener);

    /** A snapshot of what the device is. */
    BlockDeviceDTO dump();
}
