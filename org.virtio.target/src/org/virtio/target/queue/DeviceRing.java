// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

import static org.virtio.spec.SplitRingLayout.AVAILABLE_ENTRY_SIZE;
import static org.virtio.spec.SplitRingLayout.AVAILABLE_F_NO_INTERRUPT;
import static org.virtio.spec.SplitRingLayout.AVAILABLE_FLAGS;
import static org.virtio.spec.SplitRingLayout.AVAILABLE_IDX;
import static org.virtio.spec.SplitRingLayout.AVAILABLE_RING;
import static org.virtio.spec.SplitRingLayout.USED_ELEMENT_SIZE;
import static org.virtio.spec.SplitRingLayout.USED_F_NO_NOTIFY;
import static org.virtio.spec.SplitRingLayout.USED_FLAGS;
import static org.virtio.spec.SplitRingLayout.USED_IDX;
import static org.virtio.spec.SplitRingLayout.USED_RING;
import static org.virtio.spec.SplitRingLayout.availEvent;
import static org.virtio.spec.SplitRingLayout.usedEvent;

import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

/**
 * The available and the used ring as the device accesses them (VIRTIO 1.3, sections 2.7.6 to 2.7.10). Indices are 16 bits
 * wide and wrap. Used by one thread at a time.
 *
 * <p>Shared fields are accessed plainly, next to a fence, and not with the modes of a VarHandle: where a front end has cut
 * its memory away, HotSpot turns a fault of a plain access into an InternalError, but for a 16-bit store of any other mode
 * the interpreter calls native code whose exchange instruction its signal handler cannot decode, and the JVM ends.
 */
final class DeviceRing {
    private static final int INDEX_MASK = 0xffff;

    private final int mask;
    private final ByteBuffer available;
    private final ByteBuffer used;
    private final boolean eventIdx;
    private final int usedEvent;
    private final int availEvent;

    /** Over buffers of the sizes that a queue of {@code size} has. */
    DeviceRing(int size, ByteBuffer available, ByteBuffer used, boolean eventIdx) {
        this.mask = size - 1;
        this.available = available;
        this.used = used;
        this.eventIdx = eventIdx;
        this.usedEvent = usedEvent(size);
        this.availEvent = availEvent(size);
    }

    /** Acquire: pairs with the driver's release of the index, after which its ring entries and descriptors are visible. */
    int availableIndex() {
        int index = available.getShort(AVAILABLE_IDX) & INDEX_MASK;
        VarHandle.acquireFence();
        return index;
    }

    /** Plain: {@link #availableIndex} came before. */
    int availableHead(int index) {
        return available.getShort(AVAILABLE_RING + AVAILABLE_ENTRY_SIZE * (index & mask)) & INDEX_MASK;
    }

    /** Plain, since it is read before the queue runs: where the used ring stands. */
    int usedIndex() {
        return used.getShort(USED_IDX) & INDEX_MASK;
    }

    /** Plain: {@link #publish} comes after. */
    void putUsed(int index, int id, int length) {
        used.putLong(element(index), id & 0xffff_ffffL | (long) length << Integer.SIZE);
    }

    /** Reverses elements that were put and are not published yet. */
    void reverse(int from, int to) {
        for (int low = from, high = to - 1; high - low > 0; low++, high--) {
            long first = used.getLong(element(low));
            used.putLong(element(low), used.getLong(element(high)));
            used.putLong(element(high), first);
        }
    }

    private int element(int index) {
        return USED_RING + USED_ELEMENT_SIZE * (index & mask);
    }

    /** Release: pairs with the driver's acquire of the index; the elements and what the requests wrote come before it. */
    void publish(int index) {
        VarHandle.releaseFence();
        used.putShort(USED_IDX, (short) index);
    }

    /**
     * Whether the driver wants to hear of the used buffers from {@code before} to {@code now}, which were published.
     *
     * <p>We store the used index, then load the driver's wish; the driver stores its wish, then loads the used index. Without
     * a full fence on both sides each could read what was there before, and nobody would wake the driver.
     */
    boolean wantsNotification(int before, int now) {
        VarHandle.fullFence();
        if (eventIdx) {
            int event = available.getShort(usedEvent) & INDEX_MASK;
            return (now - event - 1 & INDEX_MASK) < (now - before & INDEX_MASK);
        }
        return (available.getShort(AVAILABLE_FLAGS) & AVAILABLE_F_NO_INTERRUPT) == 0;
    }

    /**
     * Asks the driver not to notify. With event_idx nothing is stored: {@code avail_event} falls behind by itself, and is met
     * once in 65536 buffers.
     */
    void suppressNotifications() {
        if (!eventIdx) {
            used.putShort(USED_FLAGS, (short) USED_F_NO_NOTIFY);
        }
    }

    /**
     * Asks the driver to notify of the next available buffer. The caller looks at {@link #availableIndex} once more.
     *
     * <p>We store our wish, then load the available index; the driver stores the available index, then loads our wish.
     * Without a full fence on both sides each could read what was there before, and nobody would wake this device.
     */
    void requestNotification(int nextAvailable) {
        if (eventIdx) {
            used.putShort(availEvent, (short) nextAvailable);
        } else {
            used.putShort(USED_FLAGS, (short) 0);
        }
        VarHandle.fullFence();
    }
}
