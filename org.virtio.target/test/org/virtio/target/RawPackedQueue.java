// SPDX-License-Identifier: Apache-2.0
package org.virtio.target;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The driver's side of a packed virtqueue, byte by byte: the ring at 0, the driver's event suppression at 0x10000 and the
 * device's at 0x20000. Chains are laid out in a table of the driver's own, as for a split queue, and copied into the ring when
 * they are put; a buffer's id is its head.
 */
final class RawPackedQueue extends RawQueue {
    static final int AVAIL = 1 << 7;
    static final int USED_FLAG = 1 << 15;
    private static final int WRAP = 1 << 15;
    private static final int DISABLE = 1;
    private static final int DESC = 2;
    /** What a request takes, unless a test makes it otherwise. */
    private static final int REQUEST = 3;

    /** A used element as it was found. */
    record Element(int place, int id, int length) {
    }

    private record Buffer(int id, int descriptors, int writable) {
    }

    private final boolean inOrder;
    private final ByteBuffer table = ByteBuffer.allocate(0x10000).order(ByteOrder.LITTLE_ENDIAN);
    private final Deque<Buffer> inFlight = new ArrayDeque<>();
    private final List<Element> elements = new ArrayList<>();
    private final List<Element> used = new ArrayList<>();
    private int begin;
    private int puts;
    private int nextAvailable;
    private boolean availableWrap = true;
    private int nextUsed;
    private boolean usedWrap = true;
    private int heldAt = -1;
    private int heldFlags;

    RawPackedQueue(ByteBuffer memory, long guest, int size, boolean inOrder) throws IOException {
        super(memory, guest, size);
        this.inOrder = inOrder;
    }

    @Override
    void descriptor(int index, long address, int length, int flags, int next) {
        table.putLong(index * 16, address).putInt(index * 16 + 8, length)
            .putShort(index * 16 + 12, (short) flags).putShort(index * 16 + 14, (short) next);
    }

    /** Here the last two fields change places, and there is no next. */
    @Override
    void tableEntry(int offset, long address, int length, int flags, int next) {
        memory.putLong(offset, address).putInt(offset + 8, length)
            .putShort(offset + 12, (short) next).putShort(offset + 14, (short) flags);
    }

    /** Writes a descriptor into the ring as it is. */
    void raw(int place, long address, int length, int id, int flags) {
        tableEntry(place * 16, address, length, flags, id);
    }

    @Override
    void put(int head) {
        int index = head;
        int count = 0;
        int writable = 0;
        int flags;
        do {
            flags = table.getShort(index * 16 + 12);
            int length = table.getInt(index * 16 + 8);
            boolean last = (flags & NEXT) == 0;
            place(table.getLong(index * 16), length, last ? head : 0xdead, flags);
            writable += (flags & WRITE) != 0 ? length : 0;
            index = table.getShort(index * 16 + 14);
            count++;
        } while ((flags & NEXT) != 0);
        inFlight.add(new Buffer(head, count, writable));
        puts++;
    }

    /** All but the first descriptor of a batch have their flags at once. */
    private void place(long address, int length, int id, int flags) {
        int all = flags | (availableWrap ? AVAIL : USED_FLAG);
        if (heldAt < 0) {
            heldAt = nextAvailable;
            heldFlags = all;
            all = memory.getShort(nextAvailable * 16 + 14);
        }
        raw(nextAvailable, address, length, id, all);
        nextAvailable++;
        if (nextAvailable == size) {
            nextAvailable = 0;
            availableWrap = !availableWrap;
        }
    }

    @Override
    void publish() {
        SHORTS.setRelease(memory, heldAt * 16 + 14, (short) heldFlags);
        heldAt = -1;
    }

    /** Starts at another buffer, as if each before had taken one descriptor and was used. */
    @Override
    void begin(int index) {
        for (int i = 0; i < size; i++) {
            boolean wrap = index / size % 2 == 0 == i < index % size;
            memory.putShort(i * 16 + 14, (short) (wrap ? AVAIL | USED_FLAG : 0));
        }
        begin = index;
        nextAvailable = index % size;
        availableWrap = index / size % 2 == 0;
        nextUsed = nextAvailable;
        usedWrap = availableWrap;
    }

    @Override
    int availableIndex() {
        return begin + puts & 0xffff;
    }

    @Override
    int base() {
        usedIndex();
        return offWrap(nextAvailable, availableWrap) | offWrap(nextUsed, usedWrap) << 16;
    }

    private static int offWrap(int place, boolean wrap) {
        return place | (wrap ? WRAP : 0);
    }

    /** Looks for used elements, and counts buffers as the used index of a split queue does. */
    @Override
    int usedIndex() {
        while (flagsAre(nextUsed, usedWrap)) {
            Element element = new Element(nextUsed, memory.getShort(nextUsed * 16 + 12) & 0xffff,
                memory.getInt(nextUsed * 16 + 8));
            elements.add(element);
            skip(take(element));
        }
        return begin + used.size() & 0xffff;
    }

    private boolean flagsAre(int place, boolean wrap) {
        int flags = (short) SHORTS.getAcquire(memory, place * 16 + 14) & (AVAIL | USED_FLAG);
        return flags == (wrap ? AVAIL | USED_FLAG : 0);
    }

    /** Returns how many descriptors the element stands for; one that names nothing stands for the oldest buffer. */
    private int take(Element element) {
        int descriptors = 0;
        boolean known = inFlight.stream().anyMatch(buffer -> buffer.id == element.id);
        while (inOrder && known && inFlight.getFirst().id != element.id) {
            Buffer skipped = inFlight.removeFirst();
            used.add(new Element(-1, skipped.id, skipped.writable));
            descriptors += skipped.descriptors;
        }
        Buffer buffer = inFlight.stream().filter(b -> b.id == element.id).findFirst().orElse(inFlight.peek());
        inFlight.remove(buffer);
        used.add(element);
        return descriptors + (buffer == null ? REQUEST : buffer.descriptors);
    }

    private void skip(int descriptors) {
        nextUsed += descriptors;
        if (nextUsed >= size) {
            nextUsed -= size;
            usedWrap = !usedWrap;
        }
    }

    /** Used elements, as they were found by {@link #usedIndex}. */
    List<Element> elements() {
        return elements;
    }

    @Override
    int usedId(int index) {
        return used.get(index - begin & 0xffff).id;
    }

    @Override
    int usedLength(int index) {
        return used.get(index - begin & 0xffff).length;
    }

    @Override
    int usedFlags() {
        return (short) SHORTS.getAcquire(memory, USED + 2) & 3;
    }

    @Override
    void setNoInterrupt(boolean noInterrupt) {
        SHORTS.setRelease(memory, AVAILABLE + 2, (short) (noInterrupt ? DISABLE : 0));
    }

    @Override
    void setUsedEvent(int index) {
        memory.putInt(AVAILABLE, event(index) | DESC << 16);
    }

    /** The place of a buffer, up to a lap from the next available one. */
    private int event(int index) {
        int place = nextAvailable + REQUEST * (short) (index - availableIndex());
        boolean wrap = availableWrap == (place >= 0 && place < size);
        return offWrap(Math.floorMod(place, size), wrap);
    }

    @Override
    boolean wantsKick(int index, boolean eventIdx) {
        int event = memory.getInt(USED);
        return eventIdx ? event == (event(index) | DESC << 16) : event >>> 16 == 0;
    }
}
