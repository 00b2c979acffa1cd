// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.memory;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.virtio.device.VirtioException;
import org.virtio.memory.DmaAllocator;
import org.virtio.memory.DmaBuffer;
import org.virtio.memory.DmaExhaustedException;
import org.virtio.transport.RegionLimits;

/**
 * Cuts buffers from regions, and adds regions until the device takes no more. Regions are sparse: what was never touched
 * costs nothing. A buffer larger than a region gets a region of its own size.
 *
 * <p>Thread-safe by one lock, which is held while the transport maps a region.
 */
public final class RegionAllocator implements DmaAllocator, AutoCloseable {
    private static final int MIB_SHIFT = 20;
    private static final int MAX_SIZE = Integer.MAX_VALUE - DEFAULT_ALIGNMENT + 1;

    private final int regionSize;
    private RegionLimits limits;
    private final RegionMapper mapper;
    private final BooleanSupplier unsafe;
    private final List<MappedRegion> regions = new ArrayList<>();
    /** Closed, but the device may still write to it. */
    private final List<RegionBuffer> quarantine = new ArrayList<>();
    private volatile AddressMap addresses = new AddressMap();
    private boolean connected = true;
    private long allocated;
    private long capacity;
    private boolean retained;
    private boolean closed;

    /**
     * Creates an allocator without regions.
     *
     * @param regionSize bytes of a new region, where the limits allow as much
     * @param limits     of regions
     * @param unsafe     whether the device may write to memory that its driver took back: what is closed while this says so
     *     is not handed out again before {@link #release}; asked under the allocator's lock
     */
    public RegionAllocator(int regionSize, RegionLimits limits, RegionMapper mapper, BooleanSupplier unsafe) {
        this.regionSize = Math.min(regionSize, limits.maxBytes());
        this.limits = limits;
        this.mapper = mapper;
        this.unsafe = unsafe;
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalStateException if the allocator is closed
     */
    @Override
    public DmaBuffer allocate(int size, int alignment) {
        if (size < 1 || size > MAX_SIZE) {
            throw new IllegalArgumentException("size " + size + " is not from 1 to " + MAX_SIZE);
        }
        if (alignment < 1 || alignment > DEFAULT_ALIGNMENT || Integer.bitCount(alignment) != 1) {
            throw new IllegalArgumentException(
                "alignment " + alignment + " is not a power of two from 1 to " + DEFAULT_ALIGNMENT);
        }
        RegionBuffer buffer = take(size, alignment);
        // Without the lock, as it takes long; if the region is closed meanwhile this writes to nobody.
        buffer.zero();
        return buffer;
    }

    private synchronized RegionBuffer take(int size, int alignment) {
        if (closed) {
            throw new IllegalStateException("the device of this memory is closed");
        }
        RegionBuffer buffer = cut(size, alignment);
        allocated += size;
        return buffer;
    }

    private RegionBuffer cut(int size, int alignment) {
        for (MappedRegion region : regions) {
            int offset = region.free().take(size, alignment);
            if (offset >= 0) {
                return new RegionBuffer(this, region, offset, size);
            }
        }
        MappedRegion region = grow(size);
        return new RegionBuffer(this, region, region.free().take(size, alignment), size);
    }

    private MappedRegion grow(int size) {
        int bytes = Math.max(size, regionSize);
        try {
            if (bytes > limits.maxBytes()) {
                throw new VirtioException("the transport maps no more than " + limits.maxBytes() + " bytes as one");
            }
            SharedMemoryRegion region = SharedMemoryRegion.create(bytes, limits.hugePages());
            try {
                map(region);
                MappedRegion mapped = new MappedRegion(region);
                regions.add(mapped);
                capacity += region.size();
                return mapped;
            } catch (VirtioException | RuntimeException e) {
                region.close();
                throw e;
            }
        } catch (VirtioException e) {
            throw new DmaExhaustedException(size + " bytes asked for, " + allocated + " of " + capacity + " in "
                + regions.size() + " region(s) handed out, and no region of " + bytes + " can be added: "
                + e.getMessage(), e);
        }
    }

    private void map(SharedMemoryRegion region) throws VirtioException {
        if (connected) {
            addresses.add(region.address(), region.size(), mapper.map(region));
        }
    }

    /** From now on no device knows the memory; what is handed out stays, and so does what is in it. */
    public synchronized void disconnect() {
        connected = false;
    }

    /**
     * Makes all regions, and those to come, known to a device again.
     *
     * @param newLimits of regions
     * @throws VirtioException if the device cannot be given them all; then it knows some of them, and is not connected
     */
    public synchronized void connect(RegionLimits newLimits) throws VirtioException {
        addresses = new AddressMap();
        connected = true;
        limits = newLimits;
        try {
            for (MappedRegion mapped : regions) {
                checkLimits(mapped.region());
                map(mapped.region());
            }
        } catch (VirtioException e) {
            connected = false;
            throw e;
        }
    }

    private void checkLimits(SharedMemoryRegion region) throws VirtioException {
        if (region.size() > limits.maxBytes()) {
            throw new VirtioException("the transport maps no more than " + limits.maxBytes() + " bytes as one, and a region has "
                + region.size() + "; attach the device with the option memory=" + Math.max(1, limits.maxBytes() >> MIB_SHIFT));
        }
        if (limits.hugePages() && !region.hugePages()) {
            throw new VirtioException("the transport needs huge pages: attach the device with the option hugepages=true");
        }
    }

    /** By which addresses the device knows memory, until it is disconnected. */
    public AddressMap addresses() {
        return addresses;
    }

    synchronized void free(RegionBuffer buffer) {
        if (closed) {
            return;
        }
        allocated -= buffer.size();
        if (retained || unsafe.getAsBoolean()) {
            quarantine.add(buffer);
        } else {
            give(buffer);
        }
    }

    private static void give(RegionBuffer buffer) {
        buffer.region().free().give(buffer.offset(), buffer.size());
    }

    /** Hands out again what was closed while that was unsafe, after a reset; not if memory is retained. */
    public synchronized void release() {
        if (!closed && !retained) {
            quarantine.forEach(RegionAllocator::give);
            quarantine.clear();
        }
    }

    @Override
    public boolean owns(DmaBuffer buffer) {
        return buffer instanceof RegionBuffer range && range.isOf(this);
    }

    @Override
    public synchronized long allocated() {
        return allocated;
    }

    @Override
    public synchronized long capacity() {
        return capacity;
    }

    /**
     * From now on nothing is given back, not even by {@link #close}: for a device that would not be quiesced and may still
     * write to any memory that it was told of.
     */
    public synchronized void retain() {
        retained = true;
    }

    /** Whether nothing is given back any more: see {@link #retain}. */
    public synchronized boolean isRetained() {
        return retained;
    }

    /** Frees all regions, whether or not buffers of them are still handed out; those read zeros. Closing again does nothing. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (!retained) {
            regions.forEach(mapped -> mapped.region().close());
            regions.clear();
            quarantine.clear();
            allocated = 0;
            capacity = 0;
        }
    }
}
