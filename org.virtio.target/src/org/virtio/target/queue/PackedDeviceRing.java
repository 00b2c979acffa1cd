// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

import static org.virtio.spec.PackedRingLayout.DESCRIPTOR_ALIGNMENT;
import static org.virtio.spec.PackedRingLayout.DESCRIPTOR_FLAGS;
import static org.virtio.spec.PackedRingLayout.DESCRIPTOR_LEN;
import static org.virtio.spec.PackedRingLayout.DESCRIPTOR_SIZE;
import static org.virtio.spec.PackedRingLayout.EVENT_ALIGNMENT;
import static org.virtio.spec.PackedRingLayout.EVENT_FLAGS;
import static org.virtio.spec.PackedRingLayout.EVENT_FLAGS_DESC;
import static org.virtio.spec.PackedRingLayout.EVENT_FLAGS_DISABLE;
import static org.virtio.spec.PackedRingLayout.EVENT_FLAGS_ENABLE;
import static org.virtio.spec.PackedRingLayout.EVENT_OFF_WRAP;
import static org.virtio.spec.PackedRingLayout.EVENT_SIZE;
import static org.virtio.spec.PackedRingLayout.F_AVAIL;
import static org.virtio.spec.PackedRingLayout.F_USED;
import static org.virtio.spec.PackedRingLayout.WRAP_COUNTER;
import static org.virtio.spec.PackedRingLayout.descriptorRingSize;
import static org.virtio.spec.SplitRingLayout.F_WRITE;

import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.BitSet;
import org.virtio.spec.Feature;

/**
 * A packed virtqueue (VIRTIO 1.3, section 2.8). A place in the ring is an offset and a wrap counter, which is 1 in the first
 * lap and changes with every one.
 */
final class PackedDeviceRing implements DeviceRing {
    private static final int SHORT_MASK = 0xffff;
    private static final int EVENT_FLAGS_MASK = 3;

    private final int size;
    private final ByteBuffer descriptors;
    private final ByteBuffer driverEvent;
    private final ByteBuffer deviceEvent;
    private final PackedChainReader reader;
    private final boolean eventIdx;
    private int nextAvailable;
    private boolean availableWrap;
    private int nextUsed;
    private boolean jumped;
    private boolean usedWrap;
    /** Descriptors from the next used one to the next available one: those that the driver must leave alone. */
    private int inFlight;
    /** Where the first element goes that was put and not published; negative if none was put. */
    private int firstPut = -1;
    private long firstElement;
    private int putBuffers;
    private int putDescriptors;
    private int publishedDescriptors;

    /** The ring of these addresses, which goes on at a base as {@link #base} tells it. */
    PackedDeviceRing(DriverMemory memory, RingAddresses rings, int base) throws QueueException {
        this.size = rings.size();
        this.descriptors = memory.user("descriptor ring", rings.descriptorArea(), descriptorRingSize(size),
            DESCRIPTOR_ALIGNMENT);
        this.driverEvent = memory.user("driver event suppression", rings.driverArea(), EVENT_SIZE, EVENT_ALIGNMENT);
        this.deviceEvent = memory.user("device event suppression", rings.deviceArea(), EVENT_SIZE, EVENT_ALIGNMENT);
        this.reader = new PackedChainReader(descriptors, size,
            new IndirectTable(memory, rings.has(Feature.INDIRECT_DESC)), memory);
        this.eventIdx = rings.has(Feature.EVENT_IDX);
        this.nextAvailable = base & WRAP_COUNTER - 1;
        this.availableWrap = (base & WRAP_COUNTER) != 0;
        this.nextUsed = base >>> Short.SIZE & WRAP_COUNTER - 1;
        this.usedWrap = base < 0;
        this.inFlight = nextAvailable - nextUsed + (availableWrap == usedWrap ? 0 : size);
        if (nextAvailable >= size || nextUsed >= size || inFlight < 0 || inFlight > size) {
            throw new QueueException(String.format("the base 0x%x is no state of a packed queue of %d", base, size));
        }
    }

    /** What the used ring has is in the base. */
    @Override
    public void begin() {
        firstPut = -1;
    }

    /** As QEMU's {@code docs/interop/vhost-user.rst} has it: the next available place, and above it the next used. */
    @Override
    public int base() {
        return offWrap(nextAvailable, availableWrap) | offWrap(nextUsed, usedWrap) << Short.SIZE;
    }

    @Override
    public int inFlight() {
        return inFlight;
    }

    /** Acquire: pairs with the driver's release of the first descriptor's flags, after which the chain is visible. */
    @Override
    public boolean hasAvailable() {
        int flags = descriptors.getShort(nextAvailable * DESCRIPTOR_SIZE + DESCRIPTOR_FLAGS);
        VarHandle.acquireFence();
        return PackedChainReader.isAvailable(flags, availableWrap);
    }

    @Override
    public boolean hasMore() {
        return hasAvailable();
    }

    @Override
    public void read(Chain chain) throws QueueException {
        reader.read(chain, nextAvailable, availableWrap, size - inFlight);
    }

    @Override
    public void take(Chain chain) {
        nextAvailable += chain.descriptors();
        inFlight += chain.descriptors();
        if (nextAvailable >= size) {
            nextAvailable -= size;
            availableWrap = !availableWrap;
        }
    }

    /** Not written down for packed rings. */
    @Override
    public void completed(int id) {
        // Nothing was written down when it was taken either.
    }

    /**
     * Plain: {@link #publish} comes after. The driver looks at the first element's descriptor alone until it has its flags,
     * so the others are stored at once, whole. All have the flag of a device that has written: each request has a status.
     */
    @Override
    public void putUsed(int id, int length, int buffers, int descriptorCount) {
        int flags = F_WRITE | (usedWrap ? F_AVAIL | F_USED : 0);
        long element = length & 0xffff_ffffL | (long) (id & SHORT_MASK | flags << Short.SIZE) << Integer.SIZE;
        if (firstPut < 0) {
            firstPut = nextUsed;
            firstElement = element;
        } else {
            descriptors.putLong(nextUsed * DESCRIPTOR_SIZE + DESCRIPTOR_LEN, element);
        }
        putBuffers += buffers;
        putDescriptors += descriptorCount;
        // A device that uses a buffer twice is ahead of itself, and must not believe that it has more room than there is.
        inFlight = Math.max(0, inFlight - descriptorCount);
        nextUsed += descriptorCount;
        if (nextUsed >= size) {
            nextUsed -= size;
            usedWrap = !usedWrap;
        }
    }

    /** A whole lap: the place is the same, and the wrap counter is wrong. */
    @Override
    public void jump() {
        usedWrap = !usedWrap;
        jumped = true;
    }

    @Override
    public void addAvailableIds(BitSet ids) {
        reader.addIds(ids, nextAvailable, availableWrap);
    }

    /**
     * Release: pairs with the driver's acquire of the first element's flags; the other elements and what the requests wrote
     * come before it. Length, id and flags are aligned to 8 bytes and stored at once.
     */
    @Override
    public int publish() {
        int count = putBuffers;
        if (count > 0) {
            VarHandle.releaseFence();
            descriptors.putLong(firstPut * DESCRIPTOR_SIZE + DESCRIPTOR_LEN, firstElement);
            publishedDescriptors = putDescriptors;
            firstPut = -1;
            putBuffers = 0;
            putDescriptors = 0;
        }
        return count;
    }

    /**
     * We store the used descriptor's flags, then load the driver's wish; the driver stores its wish, then loads the flags.
     * Without a full fence on both sides each could read what was there before, and nobody would wake the driver.
     *
     * <p>The wish is loaded at once, so that its offset goes with its flags. A driver that has set flags which it may not set
     * is notified.
     */
    @Override
    public boolean wantsNotification() {
        VarHandle.fullFence();
        int event = driverEvent.getInt(EVENT_OFF_WRAP);
        int flags = event >>> Byte.SIZE * EVENT_FLAGS & EVENT_FLAGS_MASK;
        if (flags == EVENT_FLAGS_DISABLE) {
            return false;
        }
        return flags != EVENT_FLAGS_DESC || !eventIdx || wasUsed(event & WRAP_COUNTER - 1, (event & WRAP_COUNTER) != 0);
    }

    /** Whether a place is among those that the device went past with what was published last. */
    private boolean wasUsed(int offset, boolean wrap) {
        // Of a jump the driver knows nothing, and waits for what was used before it.
        int place = jumped || wrap == usedWrap ? offset : offset - size;
        return place < nextUsed && place >= nextUsed - publishedDescriptors;
    }

    @Override
    public void suppressNotifications() {
        deviceEvent.putInt(EVENT_OFF_WRAP, EVENT_FLAGS_DISABLE << Byte.SIZE * EVENT_FLAGS);
    }

    /**
     * We store our wish, then load the next descriptor's flags; the driver stores those flags, then loads our wish. Without a
     * full fence on both sides each could read what was there before, and nobody would wake this device.
     */
    @Override
    public void requestNotification() {
        int flags = eventIdx ? EVENT_FLAGS_DESC : EVENT_FLAGS_ENABLE;
        deviceEvent.putInt(EVENT_OFF_WRAP, offWrap(nextAvailable, availableWrap) | flags << Byte.SIZE * EVENT_FLAGS);
        VarHandle.fullFence();
    }

    private static int offWrap(int offset, boolean wrap) {
        return offset | (wrap ? WRAP_COUNTER : 0);
    }
}
