// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import static org.virtio.spec.BlkRequestLayout.HEADER_SIZE;
import static org.virtio.spec.BlkRequestLayout.ID_SIZE;
import static org.virtio.spec.BlkRequestLayout.SECTOR;
import static org.virtio.spec.BlkRequestLayout.SEGMENT_FLAGS;
import static org.virtio.spec.BlkRequestLayout.SEGMENT_NUM_SECTORS;
import static org.virtio.spec.BlkRequestLayout.SEGMENT_SECTOR;
import static org.virtio.spec.BlkRequestLayout.SEGMENT_SIZE;
import static org.virtio.spec.BlkRequestLayout.STATUS_SIZE;
import static org.virtio.spec.BlkRequestLayout.S_IOERR;
import static org.virtio.spec.BlkRequestLayout.S_OK;
import static org.virtio.spec.BlkRequestLayout.S_UNSUPP;
import static org.virtio.spec.BlkRequestLayout.TYPE;
import static org.virtio.spec.BlkRequestLayout.T_FLUSH;
import static org.virtio.spec.BlkRequestLayout.T_GET_ID;
import static org.virtio.spec.BlkRequestLayout.T_OUT;

import java.nio.ByteBuffer;
import org.virtio.blk.BlockResult;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueResult;
import org.virtio.queue.Virtqueue;
import org.virtio.spec.BlkConfigLayout;

/**
 * The slots of one virtqueue: turns a request into a descriptor chain and its used buffer into a {@link BlockResult}.
 * For the queue's owner alone; nothing here allocates once it is built.
 *
 * <p>The queue knows a request by its slot's number, with one token for all: a queue that keeps its tokens where requests
 * come and go would have to store another reference for each, and a number costs no collector's barrier.
 */
final class RequestSlots {
    /** Descriptors of a request apart from its data: header and status. */
    static final int OVERHEAD = 2;

    private static final byte NO_STATUS = (byte) 0xff;
    private static final int SECTOR_SHIFT = Integer.numberOfTrailingZeros(BlkConfigLayout.SECTOR_SIZE);

    private final Virtqueue queue;
    private final DmaBuffer memory;
    private final ByteBuffer bytes;
    private final int maxSegmentSize;
    private final Slot[] slots;
    /**
     * A stack of slots' numbers, so that the slot used last, whose memory is in the cache, is used next. What lies beyond the
     * first {@link #freeCount} means something only after {@link #findTaken}.
     */
    private final int[] free;
    private int freeCount;

    /** @param memory of {@link #memorySize} bytes at least */
    RequestSlots(Virtqueue queue, DmaBuffer memory, int maxSegmentSize) {
        this.queue = queue;
        this.memory = memory;
        this.bytes = memory.bytes();
        this.maxSegmentSize = maxSegmentSize;
        RequestLayout layout = new RequestLayout(queue.size());
        this.slots = new Slot[queue.size()];
        this.free = new int[slots.length];
        for (int i = slots.length - 1; i >= 0; i--) {
            slots[i] = new Slot(i, layout);
            free[freeCount++] = i;
        }
    }

    /** Bytes of shared memory for a queue of that size. */
    static int memorySize(int queueSize) {
        return new RequestLayout(queueSize).size();
    }

    int count() {
        return slots.length;
    }

    /** The slot of a request that has come back with its context. */
    Slot of(long context) {
        return slots[(int) context];
    }

    /** A slot to build a request in, or null; it stays free until {@link #take}. */
    Slot peek() {
        return freeCount == 0 ? null : slots[free[freeCount - 1]];
    }

    /** Takes the slot that {@link #peek} gave. */
    void take() {
        freeCount--;
    }

    /** Makes a slot free. */
    void give(Slot slot) {
        free[freeCount++] = slot.index;
    }

    int freeCount() {
        return freeCount;
    }

    /** Finds the slots that are taken, for {@link #taken}. Allocates. */
    void findTaken() {
        boolean[] isFree = new boolean[slots.length];
        for (int i = 0; i < freeCount; i++) {
            isFree[free[i]] = true;
        }
        int at = freeCount;
        for (int i = 0; i < slots.length; i++) {
            if (!isFree[i]) {
                free[at++] = i;
            }
        }
    }

    /** A slot that is taken, or null; after {@link #findTaken}, while none is given but what this returns. */
    Slot taken() {
        return freeCount == slots.length ? null : slots[free[freeCount]];
    }

    /** Builds a read or write; returns what {@link Virtqueue#begin} does. */
    int transfer(Slot slot, int type, long position, DmaBuffer data, int offset, int length) {
        int segments = length <= maxSegmentSize ? 1 : (length - 1) / maxSegmentSize + 1;
        int begun = queue.begin(this, slot.index, segments + OVERHEAD);
        if (begun != QueueResult.OK) {
            return begun;
        }
        try {
            addHeader(slot, type, position >>> SECTOR_SHIFT);
            int at = offset;
            for (int left = length; left > 0;) {
                int segment = Math.min(left, maxSegmentSize);
                if (type == T_OUT) {
                    queue.addReadable(data, at, segment);
                } else {
                    queue.addWritable(data, at, segment);
                }
                at += segment;
                left -= segment;
            }
            addStatus(slot, type == T_OUT ? STATUS_SIZE : length + STATUS_SIZE);
        } catch (RuntimeException e) {
            // A buffer that the queue refuses must not leave half a request behind, which the device would be given.
            queue.abort();
            throw e;
        }
        return QueueResult.OK;
    }

    /** Builds a flush; returns what {@link Virtqueue#begin} does. */
    int flush(Slot slot) {
        int begun = queue.begin(this, slot.index, OVERHEAD);
        if (begun == QueueResult.OK) {
            addHeader(slot, T_FLUSH, 0);
            addStatus(slot, STATUS_SIZE);
        }
        return begun;
    }

    /** Builds a discard or write zeroes of one segment; returns what {@link Virtqueue#begin} does. */
    int range(Slot slot, int type, long position, long length, int flags) {
        int begun = queue.begin(this, slot.index, 1 + OVERHEAD);
        if (begun == QueueResult.OK) {
            addHeader(slot, type, 0);
            bytes.putLong(slot.segment + SEGMENT_SECTOR, position >>> SECTOR_SHIFT);
            bytes.putInt(slot.segment + SEGMENT_NUM_SECTORS, (int) (length >>> SECTOR_SHIFT));
            bytes.putInt(slot.segment + SEGMENT_FLAGS, flags);
            queue.addReadable(memory, slot.segment, SEGMENT_SIZE);
            addStatus(slot, STATUS_SIZE);
        }
        return begun;
    }

    /** Builds a get id; returns what {@link Virtqueue#begin} does. */
    int id(Slot slot, DmaBuffer data, int offset) {
        int begun = queue.begin(this, slot.index, 1 + OVERHEAD);
        if (begun != QueueResult.OK) {
            return begun;
        }
        try {
            addHeader(slot, T_GET_ID, 0);
            queue.addWritable(data, offset, ID_SIZE);
            // Devices stop after the string's end and differ in whether they count the rest.
            addStatus(slot, STATUS_SIZE);
        } catch (RuntimeException e) {
            queue.abort();
            throw e;
        }
        return QueueResult.OK;
    }

    /**
     * What a used slot says. A success counts only if the device wrote all that it had to; an error counts in any case,
     * since devices give it with a written length of 0, and the status was none before the device had it.
     */
    int result(Slot slot, int written) {
        return switch (bytes.get(slot.status)) {
            case S_OK -> written >= slot.expected ? BlockResult.OK : BlockResult.BAD_RESPONSE;
            case S_IOERR -> BlockResult.IO_ERROR;
            case S_UNSUPP -> BlockResult.UNSUPPORTED;
            default -> BlockResult.BAD_RESPONSE;
        };
    }

    private void addHeader(Slot slot, int type, long sector) {
        // The type and the reserved 0 in one store.
        bytes.putLong(slot.header + TYPE, type);
        bytes.putLong(slot.header + SECTOR, sector);
        queue.addReadable(memory, slot.header, HEADER_SIZE);
    }

    private void addStatus(Slot slot, int expected) {
        slot.expected = expected;
        bytes.put(slot.status, NO_STATUS);
        queue.addWritable(memory, slot.status, STATUS_SIZE);
    }
}
