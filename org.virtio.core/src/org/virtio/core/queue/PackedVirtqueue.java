// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.virtio.spec.PackedRingLayout.DESCRIPTOR_ADDR;
import static org.virtio.spec.PackedRingLayout.DESCRIPTOR_LEN;
import static org.virtio.spec.PackedRingLayout.DESCRIPTOR_SIZE;
import static org.virtio.spec.PackedRingLayout.EVENT_FLAGS_DESC;
import static org.virtio.spec.PackedRingLayout.EVENT_FLAGS_DISABLE;
import static org.virtio.spec.PackedRingLayout.EVENT_FLAGS_ENABLE;
import static org.virtio.spec.PackedRingLayout.EVENT_SIZE;
import static org.virtio.spec.PackedRingLayout.F_AVAIL;
import static org.virtio.spec.PackedRingLayout.F_USED;
import static org.virtio.spec.PackedRingLayout.WRAP_COUNTER;
import static org.virtio.spec.SplitRingLayout.F_INDIRECT;
import static org.virtio.spec.SplitRingLayout.F_NEXT;
import static org.virtio.spec.SplitRingLayout.F_WRITE;

import java.lang.invoke.VarHandle;
import org.virtio.queue.UsedBufferHandler;
import org.virtio.spec.PackedRingLayout;
import org.virtio.transport.QueueSetup;

/**
 * The driver's side of a packed virtqueue (VIRTIO 1.3, section 2.8).
 *
 * <p>Of all that is made available at once only the first descriptor's flags are held back: a device that does not see those
 * does not get to the rest (section 2.8.6), so that one store publishes everything.
 *
 * <p>A request's slot is its buffer ID. With IN_ORDER IDs are given out in turn, so that no list of them is kept.
 */
final class PackedVirtqueue extends Ring {
    private static final int WRAP_FLAGS = F_AVAIL | F_USED;
    private static final int EVENT_FLAGS_MASK = 3;
    private static final long LENGTH_MASK = 0xffff_ffffL;
    /** What no descriptor's length and flags can be. */
    private static final long TABLE = -1;

    private final boolean eventIdx;
    private final boolean inOrder;
    private RingMemory memory;
    private int size;
    private int driverEvent;
    private int deviceEvent;

    /**
     * What requests in flight are made of, as {@link SavedRequest} has it; for a table its length, and {@link #TABLE}. The
     * entries of a request are chained, from the one that it links to. Its place in the ring would not do: places become free in
     * the order of use, and are written over while an older request is in flight.
     */
    private long[] record;
    private int[] nextEntry;
    /** For the first entry of each request its last. */
    private int[] lastEntry;
    private int freeEntry;
    private int nextAvailable;
    /** The flags that make a descriptor available in this round (section 2.8.1). */
    private int availableFlags;
    private int nextUsed;
    /** The flags that a descriptor used in this round has (section 2.8.1). */
    private int usedFlags;

    /** The first descriptor that is not published yet: where, and what its len, id and flags are to be. */
    private int heldOffset;
    private long held;
    /** Descriptors that are not published yet. */
    private int added;

    /** IDs that are free, the next on top; without use where IDs are given out in turn. */
    private int[] freeIds;
    private int freeIdCount;
    private int nextId;

    /** What the last used descriptor said. */
    private int usedId;
    private int usedWritten;
    /** Of a batch that was used in order: requests still to be handed over. */
    private int batch;
    private int oldestId;

    PackedVirtqueue(int index, RingFormat format) {
        super(index, format);
        this.eventIdx = format.eventIdx();
        this.inOrder = format.inOrder();
    }

    /** Bytes of the three areas of a queue of that size: the event suppression structures are on lines of their own. */
    static int bytes(int size) {
        return deviceEvent(size) + EVENT_SIZE;
    }

    static QueueSetup setup(int index, int size, long address) {
        return new QueueSetup(index, size, address, address + driverEvent(size), address + deviceEvent(size));
    }

    private static int driverEvent(int size) {
        return RingFormat.lineAfter(PackedRingLayout.descriptorRingSize(size));
    }

    private static int deviceEvent(int size) {
        return RingFormat.lineAfter(driverEvent(size) + EVENT_SIZE);
    }

    @Override
    void lay(RingMemory newMemory, int newSize) {
        memory = newMemory;
        size = newSize;
        driverEvent = driverEvent(newSize);
        deviceEvent = deviceEvent(newSize);
        record = new long[2 * newSize];
        lastEntry = new int[newSize];
        nextEntry = new int[newSize];
        for (int i = 0; i < newSize; i++) {
            nextEntry[i] = i + 1;
        }
        freeEntry = 0;
        nextAvailable = 0;
        availableFlags = F_AVAIL;
        nextUsed = 0;
        usedFlags = WRAP_FLAGS;
        added = 0;
        freeIds = new int[newSize];
        for (int i = 0; i < newSize; i++) {
            freeIds[i] = newSize - 1 - i;
        }
        freeIdCount = newSize;
        nextId = 0;
        oldestId = 0;
        batch = 0;
    }

    /** Section 2.8.21.1. */
    @Override
    int enter(Request request, boolean useTable) {
        int id = takeId();
        int firstEntry = freeEntry;
        int entry = firstEntry;
        int headOffset = nextAvailable * DESCRIPTOR_SIZE;
        long head;
        int count = 1;
        if (useTable) {
            tables.fill(id, request);
            memory.putLongPlain(headOffset + DESCRIPTOR_ADDR, addresses.toDevice(tables.address(id)));
            note(entry, request.count(), TABLE);
            head = request.count() * DESCRIPTOR_SIZE | (long) id << 32 | (long) (F_INDIRECT | availableFlags) << 48;
            advance();
        } else {
            count = request.count();
            putAddress(entry, request, 0);
            head = rest(request, 0, id, count);
            advance();
            for (int i = 1; i < count; i++) {
                entry = nextEntry[entry];
                int offset = nextAvailable * DESCRIPTOR_SIZE;
                putAddress(entry, request, i);
                memory.putLongPlain(offset + DESCRIPTOR_LEN, rest(request, i, id, count));
                advance();
            }
        }
        freeEntry = nextEntry[entry];
        lastEntry[firstEntry] = entry;
        if (entered == published) {
            heldOffset = headOffset + DESCRIPTOR_LEN;
            held = head;
        } else {
            memory.putLongPlain(headOffset + DESCRIPTOR_LEN, head);
        }
        free -= count;
        added += count;
        inFlight.put(id, request, count, firstEntry, entered);
        return id;
    }

    private void note(int entry, long address, long lengthAndFlags) {
        record[2 * entry] = address;
        record[2 * entry + 1] = lengthAndFlags;
    }

    private void putAddress(int entry, Request request, int i) {
        note(entry, request.address(i), request.lengthAndFlags(i));
        memory.putLongPlain(nextAvailable * DESCRIPTOR_SIZE + DESCRIPTOR_ADDR, addresses.toDevice(request.address(i)));
    }

    @Override
    SavedRequest save(int slot) {
        int entry = inFlight.link(slot);
        if (record[2 * entry + 1] == TABLE) {
            return inFlight.save(slot, tables.words(slot, (int) record[2 * entry]), true);
        }
        long[] words = new long[2 * inFlight.descriptors(slot)];
        for (int i = 0; i < words.length; i += 2) {
            words[i] = record[2 * entry];
            words[i + 1] = record[2 * entry + 1];
            entry = nextEntry[entry];
        }
        return inFlight.save(slot, words, false);
    }

    private int takeId() {
        if (!inOrder) {
            return freeIds[--freeIdCount];
        }
        int id = nextId;
        nextId = following(id);
        return id;
    }

    private int following(int id) {
        return id + 1 == size ? 0 : id + 1;
    }

    private long rest(Request request, int i, int id, int count) {
        long lengthAndFlags = request.lengthAndFlags(i);
        return lengthAndFlags & LENGTH_MASK | (long) id << 32
            | (lengthAndFlags >>> 32 | availableFlags | (i + 1 < count ? F_NEXT : 0)) << 48;
    }

    private void advance() {
        if (++nextAvailable == size) {
            nextAvailable = 0;
            availableFlags ^= WRAP_FLAGS;
        }
    }

    @Override
    void release() {
        // Pairs with the device's acquire of these flags: it sees the rest of the chain, and the chains behind it.
        memory.putLongRelease(heldOffset, held);
    }

    /** Section 2.8.10: with a descriptor's place, whether it is among those just published. */
    @Override
    boolean deviceWantsNotification(int requests) {
        int count = added;
        added = 0;
        int event = memory.getIntOpaque(deviceEvent);
        int flags = event >>> 16 & EVENT_FLAGS_MASK;
        if (flags != EVENT_FLAGS_DESC || !eventIdx) {
            return flags != EVENT_FLAGS_DISABLE;
        }
        boolean sameRound = ((event & WRAP_COUNTER) != 0) == ((availableFlags & F_AVAIL) != 0);
        int offset = (event & WRAP_COUNTER - 1) - (sameRound ? 0 : size);
        int distance = nextAvailable - offset - 1;
        return distance >= 0 && distance < count;
    }

    @Override
    int nextAvailablePosition() {
        int position = nextAvailable - added;
        int wrap = (availableFlags & F_AVAIL) != 0 ? WRAP_COUNTER : 0;
        return position >= 0 ? position | wrap : position + size | wrap ^ WRAP_COUNTER;
    }

    @Override
    int nextUsedPosition() {
        return nextUsed | ((usedFlags & F_AVAIL) != 0 ? WRAP_COUNTER : 0);
    }

    @Override
    int pollRing(UsedBufferHandler handler, int limit) {
        int count = 0;
        while (count < limit && (inOrder ? takeInOrder(handler) : take(handler))) {
            count++;
        }
        return count;
    }

    private boolean take(UsedBufferHandler handler) {
        if (!readUsed()) {
            return false;
        }
        freeIds[freeIdCount++] = usedId;
        finish(usedId, handler, usedWritten);
        return true;
    }

    /** Looks at the next used descriptor: false if there is none, or what it says cannot be. */
    private boolean readUsed() {
        long descriptor = usedDescriptor(nextUsed);
        if (!isUsed(descriptor, usedFlags)) {
            return false;
        }
        usedId = id(descriptor);
        usedWritten = (int) descriptor;
        if (!inFlight.canBeUsed(usedId, usedWritten, published)) {
            if (!canBeUsedUnwritten(descriptor)) {
                breakForGood("used descriptor " + nextUsed + ": " + inFlight.lie(usedId, usedWritten));
                return false;
            }
            usedWritten = 0;
        }
        return true;
    }

    /**
     * Section 2.8.4: without F_WRITE the length means nothing, and may be anything. It is believed all the same where it can
     * be: there are devices, QEMU's among them, that write and never set F_WRITE.
     */
    private boolean canBeUsedUnwritten(long descriptor) {
        return ((int) (descriptor >>> 48) & F_WRITE) == 0 && inFlight.canBeUsed(id(descriptor), 0, published);
    }

    /** Pairs with the device's release of the flags: what was written is visible. One load, so that it is of one moment. */
    private long usedDescriptor(int position) {
        return memory.getLongAcquire(position * DESCRIPTOR_SIZE + DESCRIPTOR_LEN);
    }

    private static boolean isUsed(long descriptor, int flagsWhenUsed) {
        return ((int) (descriptor >>> 48) & WRAP_FLAGS) == flagsWhenUsed;
    }

    private static int id(long descriptor) {
        return (int) (descriptor >>> 32) & 0xffff;
    }

    /** Section 2.8.8: one descriptor may stand for a batch, of which all but the last were used completely. */
    private boolean takeInOrder(UsedBufferHandler handler) {
        if (batch == 0) {
            if (!readUsed()) {
                return false;
            }
            batch = (usedId < oldestId ? usedId + size : usedId) - oldestId + 1;
        }
        int id = oldestId;
        oldestId = following(id);
        batch--;
        finish(id, handler, batch == 0 ? usedWritten : inFlight.writable(id));
        return true;
    }

    @Override
    void forgetBatch() {
        batch = 0;
    }

    private void finish(int id, UsedBufferHandler handler, int written) {
        int count = inFlight.descriptors(id);
        int firstEntry = inFlight.link(id);
        nextEntry[lastEntry[firstEntry]] = freeEntry;
        freeEntry = firstEntry;
        free += count;
        nextUsed += count;
        if (nextUsed >= size) {
            nextUsed -= size;
            usedFlags ^= WRAP_FLAGS;
        }
        deliver(id, handler, written);
    }

    @Override
    void disableNotificationsNow() {
        memory.putIntOpaque(driverEvent, EVENT_FLAGS_DISABLE << 16);
    }

    @Override
    int requestNotifications() {
        requestNotification(nextUsedPosition());
        return nextUsedPosition();
    }

    private void requestNotification(int position) {
        memory.putIntOpaque(driverEvent, eventIdx ? EVENT_FLAGS_DESC << 16 | position : EVENT_FLAGS_ENABLE << 16);
        // We store our wish, then load the next used descriptor; the device stores a used descriptor, then loads our wish.
        // Without a full fence on both sides the last used buffer may go unnoticed by both.
        VarHandle.fullFence();
    }

    @Override
    boolean isUsedAt(int position) {
        int flags = (position & WRAP_COUNTER) != 0 ? WRAP_FLAGS : 0;
        return batch != 0 || isUsed(usedDescriptor(position & WRAP_COUNTER - 1), flags);
    }

    @Override
    boolean requestNotificationLater() {
        int position = nextUsed + (size - free - added) * 3 / 4;
        int wrap = (usedFlags & F_AVAIL) != 0 ? WRAP_COUNTER : 0;
        requestNotification(position < size ? position | wrap : position - size | wrap ^ WRAP_COUNTER);
        return !isUsed(nextUsedPosition());
    }
}
