// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.virtio.spec.SplitRingLayout.AVAILABLE_ENTRY_SIZE;
import static org.virtio.spec.SplitRingLayout.AVAILABLE_F_NO_INTERRUPT;
import static org.virtio.spec.SplitRingLayout.AVAILABLE_FLAGS;
import static org.virtio.spec.SplitRingLayout.AVAILABLE_IDX;
import static org.virtio.spec.SplitRingLayout.AVAILABLE_RING;
import static org.virtio.spec.SplitRingLayout.DESCRIPTOR_SIZE;
import static org.virtio.spec.SplitRingLayout.F_INDIRECT;
import static org.virtio.spec.SplitRingLayout.F_NEXT;
import static org.virtio.spec.SplitRingLayout.F_WRITE;
import static org.virtio.spec.SplitRingLayout.USED_ELEMENT_SIZE;
import static org.virtio.spec.SplitRingLayout.USED_F_NO_NOTIFY;
import static org.virtio.spec.SplitRingLayout.USED_FLAGS;
import static org.virtio.spec.SplitRingLayout.USED_IDX;
import static org.virtio.spec.SplitRingLayout.USED_RING;

import java.lang.invoke.VarHandle;
import org.virtio.queue.UsedBufferHandler;
import org.virtio.spec.SplitRingLayout;
import org.virtio.transport.QueueSetup;

/**
 * The driver's side of a split virtqueue (VIRTIO 1.3, section 2.7).
 *
 * <p>The driver never reads back what the device could have written over: free descriptors and requests in flight are in its
 * own memory; only the used ring, and the device's wishes about notifications, are read from shared memory.
 *
 * <p>A request's slot is its head; with IN_ORDER, its number in turn, and there descriptors are free in the order of the
 * table, so that no list of them is kept.
 */
final class SplitVirtqueue extends Ring {
    private static final int INDEX_MASK = 0xffff;
    private static final long LENGTH_AND_WRITE = (long) F_WRITE << 32 | 0xffff_ffffL;
    /**
     * A used_event that is far ahead is so only until the used index comes near it: it is moved on every so often. It stays
     * that far behind too, for a device that looks at it late: one that has used a buffer, which was polled already.
     */
    private static final int REARM_DISTANCE = 16384;

    private final boolean eventIdx;
    private final boolean inOrder;
    private RingMemory memory;
    private DescriptorTable descriptors;
    private int mask;
    private int available;
    private int used;
    private int usedEvent;
    private int availEvent;

    /** For each descriptor, the one after it in the free list or in its chain. */
    private int[] next;
    private int firstFree;
    /** With IN_ORDER: for each descriptor, the slot of the last request of which it was the head. */
    private int[] slotOfHead;

    /** The next used element to take, and the device's used index as last read. */
    private int taken;
    private int usedIndex;
    /** Of a batch that was used in order: requests still to be handed over, and what was written for the last. */
    private int batch;
    private int batchWritten;
    private boolean notificationsEnabled;
    private int farUsedEvent;

    SplitVirtqueue(int index, RingFormat format) {
        super(index, format);
        this.eventIdx = format.eventIdx();
        this.inOrder = format.inOrder();
    }

    /** Bytes of the three areas of a queue of that size. */
    static int bytes(int size) {
        return usedOffset(size) + SplitRingLayout.usedRingSize(size);
    }

    static QueueSetup setup(int index, int size, long address) {
        long available = address + SplitRingLayout.descriptorTableSize(size);
        return new QueueSetup(index, size, address, available, address + usedOffset(size));
    }

    /** On a line of its own, so that what the driver writes and what the device writes is not on one. */
    private static int usedOffset(int size) {
        return RingFormat.lineAfter(SplitRingLayout.descriptorTableSize(size) + SplitRingLayout.availableRingSize(size));
    }

    @Override
    void lay(RingMemory newMemory, int newSize) {
        memory = newMemory;
        mask = newSize - 1;
        available = SplitRingLayout.descriptorTableSize(newSize);
        used = usedOffset(newSize);
        usedEvent = available + SplitRingLayout.usedEvent(newSize);
        availEvent = used + SplitRingLayout.availEvent(newSize);
        descriptors = new DescriptorTable(memory, 0, newSize, addresses);
        next = new int[newSize];
        for (int i = 0; i < newSize; i++) {
            next[i] = i + 1 & mask;
        }
        firstFree = 0;
        slotOfHead = new int[inOrder ? newSize : 0];
        taken = 0;
        usedIndex = 0;
        batch = 0;
    }

    /** Section 2.7.13.1. */
    @Override
    int enter(Request request, boolean useTable) {
        int head = firstFree;
        int tail = head;
        int count = 1;
        if (useTable) {
            tables.fill(head, request);
            descriptors.put(head, tables.address(head), request.count() * DESCRIPTOR_SIZE | (long) F_INDIRECT << 32);
        } else {
            count = request.count();
            for (int i = 0; i < count; i++) {
                tail = i == 0 ? head : next[tail];
                long last = request.lengthAndFlags(i);
                descriptors.put(tail, request.address(i),
                    i + 1 < count ? last | (long) F_NEXT << 32 | (long) next[tail] << 48 : last);
            }
        }
        firstFree = next[tail];
        free -= count;
        int position = (int) entered & mask;
        memory.putShortPlain(available + AVAILABLE_RING + AVAILABLE_ENTRY_SIZE * position, head);
        if (inOrder) {
            slotOfHead[head] = position;
            inFlight.put(position, request, count, head, entered);
            return position;
        }
        inFlight.put(head, request, count, tail, entered);
        return head;
    }

    @Override
    SavedRequest save(int slot) {
        int head = inOrder ? inFlight.link(slot) : slot;
        long first = descriptors.rest(head);
        if ((first >>> 32 & F_INDIRECT) != 0) {
            return inFlight.save(slot, tables.words(head, (int) first / DESCRIPTOR_SIZE), true);
        }
        long[] words = new long[2 * inFlight.descriptors(slot)];
        int descriptor = head;
        for (int i = 0; i < words.length; i += 2) {
            long rest = descriptors.rest(descriptor);
            words[i] = descriptors.address(descriptor);
            words[i + 1] = rest & LENGTH_AND_WRITE;
            descriptor = next[descriptor];
        }
        return inFlight.save(slot, words, false);
    }

    @Override
    void release() {
        // Pairs with the device's acquire of the available index: it sees the descriptors and ring entries before it.
        memory.putShortRelease(available + AVAILABLE_IDX, (int) entered);
    }

    /** Section 2.7.10: with EVENT_IDX, whether avail_event is among the indices just published, modulo 2^16. */
    @Override
    boolean deviceWantsNotification(int requests) {
        if (eventIdx) {
            int event = memory.getShortOpaque(availEvent);
            return ((int) published - event - 1 & INDEX_MASK) < requests;
        }
        return (memory.getShortOpaque(used + USED_FLAGS) & USED_F_NO_NOTIFY) == 0;
    }

    @Override
    int nextAvailablePosition() {
        return (int) published & INDEX_MASK;
    }

    @Override
    int nextUsedPosition() {
        return taken;
    }

    @Override
    int pollRing(UsedBufferHandler handler, int limit) {
        int count = 0;
        while (count < limit && (taken != usedIndex || readUsedIndex())) {
            if (!(inOrder ? takeInOrder(handler) : take(handler))) {
                break;
            }
            count++;
        }
        if (eventIdx && !notificationsEnabled && (taken - farUsedEvent & INDEX_MASK) >= REARM_DISTANCE) {
            disableNotificationsNow();
        }
        return count;
    }

    private boolean take(UsedBufferHandler handler) {
        long element = memory.getLongPlain(used + USED_RING + USED_ELEMENT_SIZE * (taken & mask));
        int head = (int) element;
        int written = (int) (element >>> 32);
        if (!inFlight.canBeUsed(head, written, published)) {
            breakForGood("used element " + taken + ": " + inFlight.lie(head, written));
            return false;
        }
        next[inFlight.link(head)] = firstFree;
        firstFree = head;
        finish(head, handler, written);
        return true;
    }

    /** Section 2.7.9: one element may stand for a batch, of which all but the last were used completely. */
    private boolean takeInOrder(UsedBufferHandler handler) {
        if (batch == 0 && !readBatch()) {
            return false;
        }
        int slot = taken & mask;
        batch--;
        finish(slot, handler, batch == 0 ? batchWritten : inFlight.writable(slot));
        return true;
    }

    private boolean readBatch() {
        long element = memory.getLongPlain(used + USED_RING + USED_ELEMENT_SIZE * (taken & mask));
        int head = (int) element;
        int written = (int) (element >>> 32);
        int most = usedIndex - taken & INDEX_MASK;
        int slot = head < 0 || head > mask ? taken & mask : slotOfHead[head];
        int length = (slot - taken & mask) + 1;
        if (inFlight.link(slot) != head || length > most) {
            breakForGood("used element " + taken + ": id " + Integer.toUnsignedString(head)
                + " is the head of none of the next " + most + " requests in order");
            return false;
        }
        if (!inFlight.canBeUsed(slot, written, published)) {
            breakForGood("used element " + taken + ", for " + length + " in order: " + inFlight.lie(slot, written));
            return false;
        }
        batch = length;
        batchWritten = written;
        return true;
    }

    @Override
    void forgetBatch() {
        batch = 0;
    }

    private void finish(int slot, UsedBufferHandler handler, int written) {
        free += inFlight.descriptors(slot);
        taken = taken + 1 & INDEX_MASK;
        deliver(slot, handler, written);
    }

    /** Looks for further used elements: true if there are any. Breaks the queue if the device ran ahead of the driver. */
    private boolean readUsedIndex() {
        // Pairs with the device's release of the used index: the elements before it, and what was written, are visible.
        int index = memory.getShortAcquire(used + USED_IDX);
        int ahead = index - taken & INDEX_MASK;
        int shown = (int) published - taken & INDEX_MASK;
        if (ahead > shown) {
            breakForGood("used index " + index + " is " + ahead + " ahead of " + taken + ", but only " + shown
                + " requests are in flight");
            return false;
        }
        int before = usedIndex - taken & INDEX_MASK;
        if (ahead < before) {
            breakForGood("used index " + index + " went back from " + usedIndex);
            return false;
        }
        usedIndex = index;
        return ahead != 0;
    }

    @Override
    void disableNotificationsNow() {
        notificationsEnabled = false;
        if (eventIdx) {
            farUsedEvent = taken;
            memory.putShortOpaque(usedEvent, taken - 1 - REARM_DISTANCE);
        } else {
            memory.putShortOpaque(available + AVAILABLE_FLAGS, AVAILABLE_F_NO_INTERRUPT);
        }
    }

    @Override
    int requestNotifications() {
        requestNotification(taken);
        return taken;
    }

    private void requestNotification(int position) {
        notificationsEnabled = true;
        if (eventIdx) {
            memory.putShortOpaque(usedEvent, position);
        } else {
            memory.putShortOpaque(available + AVAILABLE_FLAGS, 0);
        }
        // We store used_event or the flags, then load the used index; the device stores the used index, then loads
        // used_event or the flags. Without a full fence on both sides the last used buffer may go unnoticed by both.
        VarHandle.fullFence();
    }

    @Override
    boolean isUsedAt(int position) {
        if (taken == usedIndex) {
            readUsedIndex();
        }
        return usedIndex != position;
    }

    @Override
    boolean requestNotificationLater() {
        int pending = (int) published - taken & INDEX_MASK;
        int patience = pending * 3 / 4;
        requestNotification(taken + patience);
        readUsedIndex();
        return (usedIndex - taken & INDEX_MASK) <= patience;
    }
}
