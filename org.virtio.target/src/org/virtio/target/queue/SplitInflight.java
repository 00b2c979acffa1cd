// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

import static org.virtio.target.queue.SplitInflightLayout.DESC_NUM;
import static org.virtio.target.queue.SplitInflightLayout.ENTRY_COUNTER;
import static org.virtio.target.queue.SplitInflightLayout.ENTRY_INFLIGHT;
import static org.virtio.target.queue.SplitInflightLayout.ENTRY_NEXT;
import static org.virtio.target.queue.SplitInflightLayout.FEATURES;
import static org.virtio.target.queue.SplitInflightLayout.LAST_BATCH_HEAD;
import static org.virtio.target.queue.SplitInflightLayout.USED_IDX;
import static org.virtio.target.queue.SplitInflightLayout.VERSION;
import static org.virtio.target.queue.SplitInflightLayout.VERSION_1;
import static org.virtio.target.queue.SplitInflightLayout.entry;
import static org.virtio.target.queue.SplitInflightLayout.partSize;

import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Writes down what a split virtqueue has in flight, in memory that outlives this process, and finds there what one before it
 * had: QEMU's {@code docs/interop/vhost-user.rst}, section "Inflight I/O tracking". One stands for a ring from its setup to its
 * end, however often it pauses. Used by one thread at a time; allocates for a request only where a batch is longer than any
 * before.
 *
 * <p>Between any two stores this process may be killed, and what the memory holds then has to be true. The kernel keeps what a
 * processor has stored, so it is the compiler alone that must not change the order: a release fence, which costs no
 * instruction on x86, stands wherever it matters.
 */
public final class SplitInflight {
    private static final int INDEX_MASK = 0xffff;

    /** A chain that was in flight when another process ended. */
    private record Lost(int head, long counter) {
    }

    private final ByteBuffer part;
    private final int size;
    private int[] lost = {};
    private int nextLost;
    private long counter;
    private int lastBatchHead;
    private int[] batch = new int[DeviceQueue.MAX_BATCH];
    private int batchLength;
    private boolean begun;

    /**
     * For a ring of at most {@code size} descriptors.
     *
     * @param memory of all queues, as long as {@link SplitInflightLayout#partSize} says for each
     * @param index  of the queue, from 0
     * @param size   entries that each part of the memory has, from 1 to 32768
     */
    public SplitInflight(ByteBuffer memory, int index, int size) {
        this.part = memory.slice(index * partSize(size), partSize(size)).order(ByteOrder.nativeOrder());
        this.size = size;
    }

    /**
     * Begins, or goes on after a pause. Called by the thread that polls.
     *
     * @param usedIndex the used ring's
     * @param base      the index of the next available buffer, as far as the front end or the pause tell
     * @return that index, as far as the memory tells: all that was taken is used or in flight
     * @throws QueueException if the memory has what nobody writes who keeps to the document
     */
    int begin(int usedIndex, int base) throws QueueException {
        int result = base;
        if (!begun) {
            if (unsigned(VERSION) == 0) {
                initialise(usedIndex);
            } else {
                recover(usedIndex);
                result = usedIndex + lost.length & INDEX_MASK;
            }
            begun = true;
        }
        return result;
    }

    /** The version is stored last, so that what was begun and not finished is begun again. */
    private void initialise(int usedIndex) {
        for (int i = 0; i < size; i++) {
            part.put(entry(i) + ENTRY_INFLIGHT, (byte) 0);
        }
        part.putLong(FEATURES, 0).putShort(DESC_NUM, (short) size).putShort(LAST_BATCH_HEAD, (short) 0)
            .putShort(USED_IDX, (short) usedIndex);
        VarHandle.releaseFence();
        part.putShort(VERSION, (short) VERSION_1);
        VarHandle.releaseFence();
    }

    private void recover(int usedIndex) throws QueueException {
        check("version", unsigned(VERSION), VERSION_1);
        check("features", part.getLong(FEATURES), 0);
        check("desc_num", unsigned(DESC_NUM), size);
        lastBatchHead = checkHead(unsigned(LAST_BATCH_HEAD));
        int published = usedIndex - unsigned(USED_IDX) & INDEX_MASK;
        if (published <= size) {
            clearLastBatch(published);
        }
        List<Lost> found = findLost();
        if (published > size && !found.isEmpty()) {
            throw new QueueException(String.format("the inflight memory has %d chains in flight at used_idx %d, "
                + "and the used index %d is not of the same ring of %d", found.size(), unsigned(USED_IDX), usedIndex, size));
        }
        VarHandle.releaseFence();
        part.putShort(USED_IDX, (short) usedIndex);
        VarHandle.releaseFence();
        lost = found.stream().mapToInt(Lost::head).toArray();
        counter = found.isEmpty() ? 0 : found.get(found.size() - 1).counter + 1;
    }

    /** The driver has seen what was published, whether or not the entries tell: the process ended in between. */
    private void clearLastBatch(int length) throws QueueException {
        int head = lastBatchHead;
        for (int i = 0; i < length; i++) {
            part.put(entry(checkHead(head)) + ENTRY_INFLIGHT, (byte) 0);
            head = unsigned(entry(head) + ENTRY_NEXT);
        }
    }

    /** In the order in which they were taken. The counters are copied first: what is sorted must not change meanwhile. */
    private List<Lost> findLost() throws QueueException {
        List<Lost> found = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            int inflight = part.get(entry(i) + ENTRY_INFLIGHT) & 0xff;
            if (inflight > 1) {
                throw new QueueException("the inflight memory has " + inflight + " for descriptor " + i + "; expected 0 or 1");
            }
            if (inflight == 1) {
                found.add(new Lost(i, part.getLong(entry(i) + ENTRY_COUNTER)));
            }
        }
        found.sort((a, b) -> Long.compareUnsigned(a.counter, b.counter));
        return found;
    }

    private static void check(String field, long value, long expected) throws QueueException {
        if (value != expected) {
            throw new QueueException(
                "the inflight memory has " + field + " " + Long.toUnsignedString(value) + "; expected " + expected);
        }
    }

    private int checkHead(int head) throws QueueException {
        if (head >= size) {
            throw new QueueException("the inflight memory has descriptor " + head + " of " + size + " in its last batch");
        }
        return head;
    }

    private int unsigned(int offset) {
        return part.getShort(offset) & INDEX_MASK;
    }

    /** How many chains of another process are to be executed before anything new. */
    int lost() {
        return lost.length - nextLost;
    }

    /** The head of the first of them; there is one. */
    int firstLost() {
        return lost[nextLost];
    }

    /** Goes on to the next of them; the entry says already that it is in flight. */
    void takeLost() {
        nextLost++;
    }

    /** A new chain is taken, before anything of it is executed. */
    void taken(int head) {
        part.putLong(entry(head) + ENTRY_COUNTER, counter++);
        VarHandle.releaseFence();
        part.put(entry(head) + ENTRY_INFLIGHT, (byte) 1);
        VarHandle.releaseFence();
    }

    /** A chain is completed, before the used index says so. A device that misbehaves may have no such chain. */
    void completed(int head) {
        if (head >= size) {
            return;
        }
        part.putShort(entry(head) + ENTRY_NEXT, (short) lastBatchHead);
        VarHandle.releaseFence();
        part.putShort(LAST_BATCH_HEAD, (short) head);
        lastBatchHead = head;
        if (batchLength == batch.length) {
            batch = Arrays.copyOf(batch, 2 * batchLength);
        }
        batch[batchLength] = head;
        batchLength++;
    }

    /** The used index was stored, and the driver may see all that was completed. */
    void published(int usedIndex) {
        VarHandle.releaseFence();
        for (int i = 0; i < batchLength; i++) {
            part.put(entry(batch[i]) + ENTRY_INFLIGHT, (byte) 0);
        }
        batchLength = 0;
        VarHandle.releaseFence();
        part.putShort(USED_IDX, (short) usedIndex);
        VarHandle.releaseFence();
    }

    /**
     * Goes on for a ring in place of another record, which is in other memory. No thread polls. The version is stored last, so
     * that memory which was empty says nothing before it says all.
     *
     * @param other of the same ring
     */
    public void takeOver(SplitInflight other) {
        for (int i = 0; i < size; i++) {
            boolean known = i < other.size;
            part.putLong(entry(i) + ENTRY_COUNTER, known ? other.part.getLong(entry(i) + ENTRY_COUNTER) : 0)
                .putShort(entry(i) + ENTRY_NEXT, known ? other.part.getShort(entry(i) + ENTRY_NEXT) : 0)
                .put(entry(i) + ENTRY_INFLIGHT, known ? other.part.get(entry(i) + ENTRY_INFLIGHT) : 0);
        }
        part.putLong(FEATURES, 0).putShort(DESC_NUM, (short) size).putShort(LAST_BATCH_HEAD, (short) other.lastBatchHead)
            .putShort(USED_IDX, other.part.getShort(USED_IDX));
        VarHandle.releaseFence();
        part.putShort(VERSION, other.part.getShort(VERSION));
        VarHandle.releaseFence();
        lost = other.lost;
        nextLost = other.nextLost;
        counter = other.counter;
        lastBatchHead = other.lastBatchHead;
        begun = other.begun;
    }

    /** The ring has ended, and whatever is in flight with it: the next one begins without. No thread polls. */
    public void forget() {
        part.putShort(VERSION, (short) 0);
    }
}
