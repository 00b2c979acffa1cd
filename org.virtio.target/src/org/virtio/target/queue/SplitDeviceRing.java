// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

import static org.virtio.spec.SplitRingLayout.AVAILABLE_ALIGNMENT;
import static org.virtio.spec.SplitRingLayout.AVAILABLE_ENTRY_SIZE;
import static org.virtio.spec.SplitRingLayout.AVAILABLE_F_NO_INTERRUPT;
import static org.virtio.spec.SplitRingLayout.AVAILABLE_FLAGS;
import static org.virtio.spec.SplitRingLayout.AVAILABLE_IDX;
import static org.virtio.spec.SplitRingLayout.AVAILABLE_RING;
import static org.virtio.spec.SplitRingLayout.DESCRIPTOR_ALIGNMENT;
import static org.virtio.spec.SplitRingLayout.USED_ALIGNMENT;
import static org.virtio.spec.SplitRingLayout.USED_ELEMENT_SIZE;
import static org.virtio.spec.SplitRingLayout.USED_F_NO_NOTIFY;
import static org.virtio.spec.SplitRingLayout.USED_FLAGS;
import static org.virtio.spec.SplitRingLayout.USED_IDX;
import static org.virtio.spec.SplitRingLayout.USED_RING;
import static org.virtio.spec.SplitRingLayout.availEvent;
import static org.virtio.spec.SplitRingLayout.availableRingSize;
import static org.virtio.spec.SplitRingLayout.descriptorTableSize;
import static org.virtio.spec.SplitRingLayout.usedEvent;
import static org.virtio.spec.SplitRingLayout.usedRingSize;

import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.BitSet;
import org.virtio.spec.Feature;

/** A split virtqueue (VIRTIO 1.3, sections 2.7.6 to 2.7.10). Indices are 16 bits wide and wrap. */
final class SplitDeviceRing implements DeviceRing {
    private static final int INDEX_MASK = 0xffff;

    private final int size;
    private final int mask;
    private final ByteBuffer available;
    private final ByteBuffer used;
    private final SplitChainReader reader;
    /** Null if nobody wants to know what is in flight. */
    private final SplitInflight inflight;
    private final boolean eventIdx;
    private final int usedEvent;
    private final int availEvent;
    private int nextAvailable;
    /** The driver's index when it was last looked at. */
    private int availableIndex;
    private int nextUsed;
    private int publishedUsed;
    private int notifiableFrom;

    /**
     * The ring of these addresses, whose next available buffer is at {@code base}.
     *
     * @param inflight where it is written down what is in flight; null if it is not
     */
    SplitDeviceRing(DriverMemory memory, RingAddresses rings, int base, SplitInflight inflight) throws QueueException {
        this.inflight = inflight;
        this.size = rings.size();
        this.mask = size - 1;
        this.available = memory.user("available ring", rings.driverArea(), availableRingSize(size), AVAILABLE_ALIGNMENT);
        this.used = memory.user("used ring", rings.deviceArea(), usedRingSize(size), USED_ALIGNMENT);
        this.reader = new SplitChainReader(memory.user("descriptor table", rings.descriptorArea(), descriptorTableSize(size),
            DESCRIPTOR_ALIGNMENT), size, new IndirectTable(memory, rings.has(Feature.INDIRECT_DESC)), memory);
        this.eventIdx = rings.has(Feature.EVENT_IDX);
        this.usedEvent = usedEvent(size);
        this.availEvent = availEvent(size);
        this.nextAvailable = base & INDEX_MASK;
    }

    /** Plain: nothing runs yet that could change the used index. */
    @Override
    public void begin() throws QueueException {
        nextUsed = used.getShort(USED_IDX) & INDEX_MASK;
        publishedUsed = nextUsed;
        if (inflight != null) {
            nextAvailable = inflight.begin(nextUsed, nextAvailable);
            int made = (available.getShort(AVAILABLE_IDX) & INDEX_MASK) - nextUsed & INDEX_MASK;
            if (inflight.lost() > made) {
                throw new QueueException("the inflight memory has " + inflight.lost() + " chains in flight, and only " + made
                    + " were made available and not used");
            }
        }
    }

    /** The index of the next available buffer; the used ring tells its own. */
    @Override
    public int base() {
        return nextAvailable;
    }

    @Override
    public int inFlight() {
        return nextAvailable - nextUsed - lost() & INDEX_MASK;
    }

    /** What another process had taken, and this device has to take yet. */
    @Override
    public boolean hasLost() {
        return lost() > 0;
    }

    private int lost() {
        return inflight == null ? 0 : inflight.lost();
    }

    /** Acquire: pairs with the driver's release of the index, after which its ring entries and descriptors are visible. */
    @Override
    public boolean hasAvailable() throws QueueException {
        availableIndex = available.getShort(AVAILABLE_IDX) & INDEX_MASK;
        VarHandle.acquireFence();
        int count = availableIndex - nextAvailable & INDEX_MASK;
        if (count > size) {
            throw new QueueException("the available index is " + count + " ahead, in a queue of " + size);
        }
        return count != 0 || lost() > 0;
    }

    /** Does not read the index again: the driver writes its cache line with every buffer. */
    @Override
    public boolean hasMore() {
        return availableIndex != nextAvailable || lost() > 0;
    }

    @Override
    public void read(Chain chain) throws QueueException {
        reader.read(chain, lost() > 0 ? inflight.firstLost() : availableHead(nextAvailable));
    }

    /** Plain: {@link #hasAvailable} came before. */
    private int availableHead(int index) {
        return available.getShort(AVAILABLE_RING + AVAILABLE_ENTRY_SIZE * (index & mask)) & INDEX_MASK;
    }

    @Override
    public void take(Chain chain) {
        if (lost() > 0) {
            inflight.takeLost();
            return;
        }
        if (inflight != null) {
            inflight.taken(chain.head());
        }
        nextAvailable = nextAvailable + 1 & INDEX_MASK;
    }

    @Override
    public void completed(int id) {
        if (inflight != null) {
            inflight.completed(id);
        }
    }

    /** Plain: {@link #publish} comes after. One element stands for all, where the first would have been (section 2.7.9). */
    @Override
    public void putUsed(int id, int length, int buffers, int descriptors) {
        used.putLong(USED_RING + USED_ELEMENT_SIZE * (nextUsed & mask), id & 0xffff_ffffL | (long) length << Integer.SIZE);
        nextUsed = nextUsed + buffers & INDEX_MASK;
    }

    @Override
    public void jump() {
        nextUsed = nextUsed + size & INDEX_MASK;
    }

    @Override
    public void addAvailableIds(BitSet ids) {
        int end = available.getShort(AVAILABLE_IDX) & INDEX_MASK;
        for (int index = nextAvailable; index != end; index = index + 1 & INDEX_MASK) {
            ids.set(availableHead(index));
        }
    }

    /** Release: pairs with the driver's acquire of the index; the elements and what the requests wrote come before it. */
    @Override
    public int publish() {
        int count = nextUsed - publishedUsed & INDEX_MASK;
        if (count > 0) {
            VarHandle.releaseFence();
            used.putShort(USED_IDX, (short) nextUsed);
            if (inflight != null) {
                inflight.published(nextUsed);
            }
            notifiableFrom = publishedUsed;
            publishedUsed = nextUsed;
        }
        return count;
    }

    /**
     * We store the used index, then load the driver's wish; the driver stores its wish, then loads the used index. Without a
     * full fence on both sides each could read what was there before, and nobody would wake the driver.
     */
    @Override
    public boolean wantsNotification() {
        VarHandle.fullFence();
        if (eventIdx) {
            int event = available.getShort(usedEvent) & INDEX_MASK;
            return (publishedUsed - event - 1 & INDEX_MASK) < (publishedUsed - notifiableFrom & INDEX_MASK);
        }
        return (available.getShort(AVAILABLE_FLAGS) & AVAILABLE_F_NO_INTERRUPT) == 0;
    }

    /** With event_idx nothing is stored: {@code avail_event} falls behind by itself, and is met once in 65536 buffers. */
    @Override
    public void suppressNotifications() {
        if (!eventIdx) {
            used.putShort(USED_FLAGS, (short) USED_F_NO_NOTIFY);
        }
    }

    /**
     * We store our wish, then load the available index; the driver stores the available index, then loads our wish. Without a
     * full fence on both sides each could read what was there before, and nobody would wake this device.
     */
    @Override
    public void requestNotification() {
        if (eventIdx) {
            used.putShort(availEvent, (short) nextAvailable);
        } else {
            used.putShort(USED_FLAGS, (short) 0);
        }
        VarHandle.fullFence();
    }
}
