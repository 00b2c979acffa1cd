// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import java.util.Comparator;
import java.util.stream.IntStream;
import org.virtio.queue.UsedBufferHandler;

/**
 * The driver's own record of the requests that were entered and have not come back. It is never read from shared memory, so
 * that a device cannot falsify it.
 *
 * <p>A request has a slot: the number by which the device names it or, where the device must use buffers in order, the next
 * one in turn. Tokens are not cleared when a slot becomes free, and not stored again when they are there already: storing a
 * reference costs a collector's barrier, up to a full fence, and a driver that uses its tokens again often finds them here.
 */
final class InFlight {
    /** Longs of a record, which is half a cache line. */
    private static final int RECORD = 4;
    /** Device-writable bytes in the upper half, then the number of descriptors, then the link. 0: the slot is free. */
    private static final int SHAPE = 0;
    /** How many requests were entered before it. */
    private static final int SEQUENCE = 1;
    private static final int CONTEXT = 2;
    /** When it was entered, if that is to be known; else 0. */
    private static final int TIME = 3;

    private final int size;
    private final Object[] token;
    private final long[] records;
    private int count;
    /** Requests in flight that have a time: mostly none, and then records need not be looked at for it. */
    private int timed;

    InFlight(int size) {
        this.size = size;
        token = new Object[size];
        records = new long[size * RECORD];
    }

    /** Requests in flight. */
    int count() {
        return count;
    }

    /**
     * Records a request.
     *
     * @param descriptors of the ring that it takes
     * @param link        the format's own, 16 bits
     * @param number      how many requests were entered before it
     */
    void put(int slot, Request request, int descriptors, int link, long number) {
        if (token[slot] != request.token()) {
            token[slot] = request.token();
        }
        int at = slot * RECORD;
        records[at + SHAPE] = (long) request.writableBytes() << 32 | (long) descriptors << 16 | link;
        records[at + SEQUENCE] = number;
        records[at + CONTEXT] = request.context();
        count++;
    }

    /** Descriptors of the ring that a request takes. */
    int descriptors(int slot) {
        return (int) shape(slot) >>> 16;
    }

    /** What {@link #put} was given. */
    int link(int slot) {
        return (int) shape(slot) & 0xffff;
    }

    /** Device-writable bytes of a request. */
    int writable(int slot) {
        return (int) (shape(slot) >>> 32);
    }

    private long shape(int slot) {
        return records[slot * RECORD + SHAPE];
    }

    /**
     * Checks what the device says that it has used.
     *
     * @param published how many requests the device has been shown
     * @return whether it can be; if not {@link #lie} says why
     */
    boolean canBeUsed(int slot, int written, long published) {
        if (slot < 0 || slot >= size) {
            return false;
        }
        long found = shape(slot);
        return found != 0 && written >= 0 && written <= (int) (found >>> 32)
            && records[slot * RECORD + SEQUENCE] < published;
    }

    /** Why {@link #canBeUsed} said no. */
    String lie(int id, int written) {
        if (id < 0 || id >= size) {
            return "id " + Integer.toUnsignedString(id) + " is not one of a queue of " + size;
        }
        if (shape(id) == 0) {
            return "id " + id + " is not in flight";
        }
        if (written < 0 || written > writable(id)) {
            return "id " + id + " has " + writable(id) + " device-writable bytes, but " + Integer.toUnsignedString(written)
                + " are said to be written";
        }
        return "id " + id + " has not been made available";
    }

    /** Whether a request has that slot. */
    boolean contains(int slot) {
        return shape(slot) != 0;
    }

    /** Frees a slot. */
    void remove(int slot) {
        records[slot * RECORD + SHAPE] = 0;
        count--;
    }

    /** Hands what a slot, which may be free by now, was given to a handler. */
    void deliver(int slot, UsedBufferHandler handler, int written) {
        handler.used(token[slot], records[slot * RECORD + CONTEXT], written);
    }

    /** Notes when a request was entered; nothing if that is 0. */
    void time(int slot, long entered) {
        if (entered != 0) {
            records[slot * RECORD + TIME] = entered;
            timed++;
        }
    }

    /** What was noted for a request, or 0; forgets it. */
    long takeTime(int slot) {
        if (timed == 0) {
            return 0;
        }
        int at = slot * RECORD + TIME;
        long time = records[at];
        if (time != 0) {
            records[at] = 0;
            timed--;
        }
        return time;
    }

    /** What was given for a slot, with what the ring knows of it. */
    SavedRequest save(int slot, long[] words, boolean useTable) {
        int at = slot * RECORD;
        return new SavedRequest(token[slot], records[at + CONTEXT], records[at + TIME], words, useTable);
    }

    /** The slots of all requests in flight, the oldest first. */
    int[] oldestFirst() {
        return IntStream.range(0, size).filter(slot -> shape(slot) != 0).boxed()
            .sorted(Comparator.comparingLong(slot -> records[slot * RECORD + SEQUENCE])).mapToInt(Integer::intValue).toArray();
    }
}
