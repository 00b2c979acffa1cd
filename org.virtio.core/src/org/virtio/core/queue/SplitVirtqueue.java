// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.virtio.spec.SplitRingLayout.AVAILABLE_ENTRY_SIZE;
import static org.virtio.spec.SplitRingLayout.AVAILABLE_F_NO_INTERRUPT;
import static org.virtio.spec.SplitRingLayout.AVAILABLE_FLAGS;
import static org.virtio.spec.SplitRingLayout.AVAILABLE_IDX;
import static org.virtio.spec.SplitRingLayout.AVAILABLE_RING;
import static org.virtio.spec.SplitRingLayout.DESCRIPTOR_ADDR;
import static org.virtio.spec.SplitRingLayout.DESCRIPTOR_LEN;
import static org.virtio.spec.SplitRingLayout.DESCRIPTOR_SIZE;
import static org.virtio.spec.SplitRingLayout.F_NEXT;
import static org.virtio.spec.SplitRingLayout.F_WRITE;
import static org.virtio.spec.SplitRingLayout.USED_ELEMENT_SIZE;
import static org.virtio.spec.SplitRingLayout.USED_F_NO_NOTIFY;
import static org.virtio.spec.SplitRingLayout.USED_FLAGS;
import static org.virtio.spec.SplitRingLayout.USED_IDX;
import static org.virtio.spec.SplitRingLayout.USED_RING;

import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueDTO;
import org.virtio.queue.QueueResult;
import org.virtio.queue.UsedBufferHandler;
import org.virtio.spec.SplitRingLayout;
import org.virtio.transport.QueueSetup;

/**
 * The driver's side of a split virtqueue (VIRTIO 1.3, section 2.7).
 *
 * <p>The driver never reads back what the device could have written over: free list, chains and tokens are in
 * {@link ChainTable}; only the used ring, and the device's wishes about notifications, are read from shared memory.
 */
public final class SplitVirtqueue extends Ring {
    /** Apart from the available ring, so that the lines that the driver writes and those that the device writes differ. */
    private static final int CACHE_LINE = 64;
    private static final int INDEX_MASK = 0xffff;
    /** A used_event that is 65535 ahead is far only until the used index comes near it: it is moved on every so often. */
    private static final int REARM_DISTANCE = 16384;

    private final RingMemory memory;
    private final QueueSetup setup;
    private final boolean eventIdx;
    private final int mask;
    private final int available;
    private final int used;
    private final int usedEvent;
    private final int availEvent;
    private final ChainTable chains;

    /** The last descriptor of the request under construction waits here until it is known whether another follows. */
    private long pendingAddress;
    private int pendingLength;
    private int pendingFlags;

    /** Requests entered in the available ring, and those of them that the device was shown; modulo 2^16 its index. */
    private long entered;
    private long published;
    /** The next used element to take, and the device's used index as last read. */
    private int taken;
    private int usedIndex;
    private boolean notificationsEnabled;
    private int farUsedEvent;

    private long completions;
    private long bytesWritten;
    private long notificationsSent;
    private long notificationsSuppressed;
    private long full;

    /**
     * Creates an empty queue; used buffer notifications are off.
     *
     * @param eventIdx whether EVENT_IDX was negotiated
     * @param memory   at least {@link #bytes} long, zeroed, at least 64-aligned; for this queue alone
     * @throws IllegalArgumentException if the size is no split virtqueue's
     */
    public SplitVirtqueue(int index, int size, boolean eventIdx, DmaBuffer memory) {
        super(index, SplitRingLayout.checkSize(size));
        this.memory = new RingMemory(memory.bytes());
        this.eventIdx = eventIdx;
        this.mask = size - 1;
        this.available = SplitRingLayout.descriptorTableSize(size);
        this.used = usedOffset(size);
        this.usedEvent = available + SplitRingLayout.usedEvent(size);
        this.availEvent = used + SplitRingLayout.availEvent(size);
        this.chains = new ChainTable(size);
        long address = memory.deviceAddress();
        this.setup = new QueueSetup(index, size, address, address + available, address + used);
        disableNotificationsNow();
    }

    /** Bytes of shared memory for a queue of that size. */
    public static int bytes(int size) {
        return usedOffset(size) + SplitRingLayout.usedRingSize(size);
    }

    private static int usedOffset(int size) {
        int end = SplitRingLayout.descriptorTableSize(size) + SplitRingLayout.availableRingSize(size);
        return (end + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    }

    @Override
    public QueueSetup setup() {
        return setup;
    }

    @Override
    public int freeDescriptors() {
        return chains.free();
    }

    @Override
    public int inFlight() {
        return chains.inFlight();
    }

    @Override
    public int begin(Object token, int maxDescriptors) {
        assert isOwner();
        Objects.requireNonNull(token, "token");
        enter();
        if (isBroken()) {
            return QueueResult.BROKEN;
        }
        if (maxDescriptors < 1 || maxDescriptors > size()) {
            return QueueResult.INVALID;
        }
        if (maxDescriptors > chains.free()) {
            full++;
            return QueueResult.FULL;
        }
        chains.open(token, maxDescriptors);
        return QueueResult.OK;
    }

    @Override
    public void addReadable(DmaBuffer buffer, int offset, int length) {
        add(buffer, offset, length, 0);
    }

    @Override
    public void addWritable(DmaBuffer buffer, int offset, int length) {
        add(buffer, offset, length, F_WRITE);
    }

    private void add(DmaBuffer buffer, int offset, int length, int flags) {
        assert isOwner();
        if (length < 1) {
            throw new IndexOutOfBoundsException("buffer length " + length + " is below 1");
        }
        Objects.checkFromIndexSize(offset, length, buffer.size());
        boolean first = chains.isEmpty();
        int descriptor = chains.add(flags == F_WRITE, length);
        if (!first) {
            writePending(chains.previous(), F_NEXT, descriptor);
        }
        pendingAddress = buffer.deviceAddress() + offset;
        pendingLength = length;
        pendingFlags = flags;
    }

    private void writePending(int descriptor, int moreFlags, int next) {
        int offset = descriptor * DESCRIPTOR_SIZE;
        memory.putLongPlain(offset + DESCRIPTOR_ADDR, pendingAddress);
        // len, flags and next are neighbours: one store.
        memory.putLongPlain(offset + DESCRIPTOR_LEN,
            pendingLength | (long) (pendingFlags | moreFlags) << 32 | (long) next << 48);
    }

    @Override
    public void abort() {
        assert isOwner();
        chains.abort();
    }

    /** Ends the request under construction, if it has a buffer, and enters it in the available ring (section 2.7.13.1). */
    private void enter() {
        if (chains.isEmpty()) {
            chains.abort();
            return;
        }
        writePending(chains.last(), 0, 0);
        int head = chains.close(entered);
        memory.putShortPlain(available + AVAILABLE_RING + AVAILABLE_ENTRY_SIZE * ((int) entered & mask), head);
        entered++;
    }

    @Override
    public boolean flush() {
        assert isOwner();
        enter();
        int count = (int) (entered - published);
        if (count == 0 || isBroken()) {
            return false;
        }
        // Pairs with the device's acquire of the available index: it sees the descriptors and ring entries before it.
        memory.putShortRelease(available + AVAILABLE_IDX, (int) entered);
        published = entered;
        // We store the available index, then load avail_event or the flags; the device stores avail_event or the flags,
        // then loads the available index. Without a full fence on both sides each may miss the other's store, and sleep.
        VarHandle.fullFence();
        if (deviceWantsNotification(count)) {
            notificationsSent++;
            notifyDevice();
            return true;
        }
        notificationsSuppressed++;
        return false;
    }

    /** Section 2.7.10: with EVENT_IDX, whether avail_event is among the {@code count} indices just published, modulo 2^16. */
    private boolean deviceWantsNotification(int count) {
        if (eventIdx) {
            int event = memory.getShortOpaque(availEvent);
            return ((int) published - event - 1 & INDEX_MASK) < count;
        }
        return (memory.getShortOpaque(used + USED_FLAGS) & USED_F_NO_NOTIFY) == 0;
    }

    @Override
    public int poll(UsedBufferHandler handler, int limit) {
        assert isOwner();
        if (isBroken()) {
            return QueueResult.BROKEN;
        }
        int count = 0;
        while (count < limit && (taken != usedIndex || readUsedIndex())) {
            long element = memory.getLongPlain(used + USED_RING + USED_ELEMENT_SIZE * (taken & mask));
            int id = (int) element;
            int written = (int) (element >>> 32);
            String lie = chains.check(id, written, published);
            if (lie != null) {
                breakQueue("used element " + taken + ": " + lie);
                break;
            }
            Object token = chains.release(id);
            taken = taken + 1 & INDEX_MASK;
            completions++;
            bytesWritten += written;
            count++;
            handler.used(token, written);
        }
        if (eventIdx && !notificationsEnabled && (taken - farUsedEvent & INDEX_MASK) >= REARM_DISTANCE) {
            disableNotificationsNow();
        }
        return count == 0 && isBroken() ? QueueResult.BROKEN : count;
    }

    /** Looks for further used elements: true if there are any. Breaks the queue if the device ran ahead of the driver. */
    private boolean readUsedIndex() {
        // Pairs with the device's release of the used index: the elements before it, and what was written, are visible.
        int index = memory.getShortAcquire(used + USED_IDX);
        int ahead = index - taken & INDEX_MASK;
        int inFlight = (int) published - taken & INDEX_MASK;
        if (ahead > inFlight) {
            breakQueue("used index " + index + " is " + ahead + " ahead of " + taken + ", but only " + inFlight
                + " requests are in flight");
            return false;
        }
        usedIndex = index;
        return ahead != 0;
    }

    @Override
    public void disableNotifications() {
        assert isOwner();
        disableNotificationsNow();
    }

    private void disableNotificationsNow() {
        notificationsEnabled = false;
        if (eventIdx) {
            farUsedEvent = taken;
            memory.putShortOpaque(usedEvent, taken - 1);
        } else {
            memory.putShortOpaque(available + AVAILABLE_FLAGS, AVAILABLE_F_NO_INTERRUPT);
        }
    }

    @Override
    public boolean enableNotifications() {
        assert isOwner();
        notificationsEnabled = true;
        if (eventIdx) {
            memory.putShortOpaque(usedEvent, taken);
        } else {
            memory.putShortOpaque(available + AVAILABLE_FLAGS, 0);
        }
        // We store used_event or the flags, then load the used index; the device stores the used index, then loads
        // used_event or the flags. Without a full fence on both sides the last used buffer may go unnoticed by both.
        VarHandle.fullFence();
        if (!isBroken() && taken == usedIndex && !readUsedIndex() && !isBroken()) {
            return true;
        }
        disableNotificationsNow();
        return false;
    }

    @Override
    public int detach(UsedBufferHandler handler) {
        assert isOwner();
        if (!isBroken()) {
            throw new IllegalStateException("queue " + index() + " is not broken: its requests are the device's");
        }
        enter();
        return chains.drain(token -> handler.used(token, 0));
    }

    @Override
    void dump(QueueDTO dto) {
        dto.format = "split";
        dto.inFlight = inFlight();
        dto.freeDescriptors = chains.free();
        dto.availableIndex = (int) published & INDEX_MASK;
        dto.usedIndex = taken;
        dto.requests = published;
        dto.completions = completions;
        dto.bytesWritten = bytesWritten;
        dto.notificationsSent = notificationsSent;
        dto.notificationsSuppressed = notificationsSuppressed;
        dto.full = full;
    }
}
