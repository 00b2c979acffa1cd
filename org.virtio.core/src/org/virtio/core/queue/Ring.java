// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueDTO;
import org.virtio.queue.QueueResult;
import org.virtio.queue.UsedBufferHandler;
import org.virtio.transport.QueueNotifier;
import org.virtio.transport.QueueSetup;

/**
 * What rings of both formats have in common: the request under construction, an owner, a way to break, notifications,
 * counters. Counters belong to the owner thread and are plain, so that counting costs no shared write; others may read them
 * late.
 */
public abstract class Ring extends OwnedQueue {
    final RingFormat format;

    /** Descriptors that no request in flight holds. */
    int free;
    /** Requests entered in the ring, those of them that the device was shown, and those that came back. */
    long entered;
    long published;
    long completed;
    /** Null without INDIRECT_DESC. */
    IndirectTables tables;
    InFlight inFlight;

    private Request request;
    private int size;
    private int tableLength;
    /** Volatile, since any thread may wake the owner while the queue is set up anew. */
    private volatile QueueNotifier notifier;

    /** Of requests before the queue was last reset. */
    private long requestsBefore;
    private long completionsBefore;
    private long buffers;
    private long bytesReadable;
    private long bytesWritten;
    private long indirect;
    private long notificationsSent;
    private long notificationsSuppressed;
    private long wakeups;
    private long full;

    Ring(int index, RingFormat format) {
        super(index);
        this.format = format;
    }

    /**
     * Begins an empty ring in other memory, or in the same: after the queue has been reset. The format's own part comes after
     * this.
     *
     * @throws IllegalArgumentException if the format cannot have that size
     */
    public final void lay(int newSize, DmaBuffer memory) {
        format.checkSize(newSize);
        RingMemory ring = new RingMemory(memory.bytes());
        ring.clear(format.bytes(newSize));
        requestsBefore += published;
        completionsBefore += completed;
        size = newSize;
        free = newSize;
        entered = 0;
        published = 0;
        completed = 0;
        request = new Request(newSize);
        inFlight = new InFlight(newSize);
        tables = format.tables(ring, newSize, memory.deviceAddress());
        tableLength = tables == null ? 0 : tables.length();
        lay(ring, newSize, memory.deviceAddress());
        disableNotificationsNow();
    }

    /** Finds the format's areas in zeroed memory. */
    abstract void lay(RingMemory memory, int newSize, long address);

    /** What the transport needs in order to set the queue up. */
    public abstract QueueSetup setup();

    /** Connects the queue to its notifications, while it has no owner or its owner waits for that. */
    public final void notifier(QueueNotifier queueNotifier) {
        notifier = queueNotifier;
    }

    @Override
    public final int size() {
        return size;
    }

    @Override
    public final int freeDescriptors() {
        return free;
    }

    @Override
    public final int inFlight() {
        return request.isOpen() ? inFlight.count() + 1 : inFlight.count();
    }

    @Override
    public final int begin(Object token, long context, int maxDescriptors) {
        assert isOwner();
        Objects.requireNonNull(token, "token");
        complete();
        if (isBroken()) {
            return QueueResult.BROKEN;
        }
        if (maxDescriptors < 1 || maxDescriptors > size) {
            return QueueResult.INVALID;
        }
        if (maxDescriptors > free && (free == 0 || maxDescriptors > tableLength)) {
            full++;
            return QueueResult.FULL;
        }
        request.open(token, context, maxDescriptors);
        return QueueResult.OK;
    }

    @Override
    public final void addReadable(DmaBuffer buffer, int offset, int length) {
        assert isOwner();
        checkRange(buffer, offset, length);
        request.addReadable(buffer.deviceAddress() + offset, length);
    }

    @Override
    public final void addWritable(DmaBuffer buffer, int offset, int length) {
        assert isOwner();
        checkRange(buffer, offset, length);
        request.addWritable(buffer.deviceAddress() + offset, length);
    }

    private static void checkRange(DmaBuffer buffer, int offset, int length) {
        if (length < 1) {
            throw new IndexOutOfBoundsException("buffer length " + length + " is below 1");
        }
        Objects.checkFromIndexSize(offset, length, buffer.size());
    }

    @Override
    public final void preferIndirect() {
        assert isOwner();
        request.askForIndirect();
    }

    @Override
    public final void abort() {
        assert isOwner();
        request.clear();
    }

    /** Ends the request under construction, and enters it in the ring if it has a buffer. */
    private void complete() {
        int count = request.count();
        if (count > 0) {
            boolean useTable = count <= tableLength
                && (count > format.indirectAbove() || request.asksForIndirect() || count > free);
            if (useTable) {
                indirect++;
            }
            enter(request, useTable);
            entered++;
            buffers += count;
            bytesReadable += request.readableBytes();
        }
        request.clear();
    }

    /** Writes a request into the ring, for the device to see once it is published. */
    abstract void enter(Request complete, boolean useTable);

    @Override
    public final boolean publish() {
        assert isOwner();
        complete();
        if (entered == published || isBroken()) {
            return false;
        }
        release();
        int count = (int) (entered - published);
        published = entered;
        // We store what is available, then load the device's wish; the device stores its wish, then loads what is available.
        // Without a full fence on both sides each may miss the other's store, and sleep.
        VarHandle.fullFence();
        boolean wanted = deviceWantsNotification(count);
        if (!wanted) {
            notificationsSuppressed++;
        }
        return wanted;
    }

    /** Shows the device all that was entered, with one release store. */
    abstract void release();

    /** Whether the device wants to be told of the requests that were just published; asked once for each time. */
    abstract boolean deviceWantsNotification(int requests);

    @Override
    public final boolean notifyDevice() {
        assert isOwner();
        if (isBroken()) {
            return false;
        }
        notificationsSent++;
        notifier.notifyDevice(notificationData());
        return true;
    }

    /** Section 2.9: the queue's index in the lower half, then where the next available buffer goes. */
    private int notificationData() {
        return nextAvailablePosition() << 16 | index();
    }

    /** Where the next available buffer goes, 16 bits. */
    abstract int nextAvailablePosition();

    @Override
    public final int poll(UsedBufferHandler handler, int limit) {
        assert isOwner();
        if (isBroken()) {
            return QueueResult.BROKEN;
        }
        int count = pollRing(handler, limit);
        return count == 0 && isBroken() ? QueueResult.BROKEN : count;
    }

    /** Hands over up to {@code limit} used buffers; stops early if that breaks the queue. */
    abstract int pollRing(UsedBufferHandler handler, int limit);

    /** Ends a request whose place in the ring was given up. */
    final void deliver(int slot, UsedBufferHandler handler, int written) {
        inFlight.remove(slot);
        completed++;
        bytesWritten += written;
        inFlight.deliver(slot, handler, written);
    }

    @Override
    public final void disableNotifications() {
        assert isOwner();
        disableNotificationsNow();
    }

    abstract void disableNotificationsNow();

    @Override
    public final boolean enableNotifications() {
        return !isUsed(prepareNotifications()) || giveUpNotifications();
    }

    @Override
    public final boolean isUsed(int position) {
        assert isOwner();
        return isUsedAt(position) || isBroken();
    }

    /** Whether there is something to poll; may find that the queue is broken. */
    abstract boolean isUsedAt(int position);

    private boolean giveUpNotifications() {
        disableNotificationsNow();
        return false;
    }

    @Override
    public final boolean enableNotificationsDelayed() {
        assert isOwner();
        boolean quiet = !isBroken() && requestNotificationLater();
        return quiet && !isBroken() || giveUpNotifications();
    }

    /** Asks to be notified when three quarters of what is pending has been used; false if that is so already. */
    abstract boolean requestNotificationLater();

    @Override
    public final int detach(UsedBufferHandler handler) {
        assert isOwner();
        if (!detached()) {
            throw new IllegalStateException("queue " + index() + " is not broken: its requests are the device's");
        }
        return giveBack(handler);
    }

    /** Hands over what the device had used, although the queue is broken: for one that was reset. */
    public final void takeUsed(UsedBufferHandler handler) {
        pollRing(handler, Integer.MAX_VALUE);
    }

    /** Hands back what is in flight, the oldest first; the ring cannot be used again before it is laid anew. */
    public final int giveBack(UsedBufferHandler handler) {
        complete();
        forgetBatch();
        int count = 0;
        for (int slot : inFlight.oldestFirst()) {
            // A handler may come here again, and then the rest has gone already.
            if (inFlight.contains(slot)) {
                inFlight.remove(slot);
                count++;
                inFlight.deliver(slot, handler, 0);
            }
        }
        free = size;
        return count;
    }

    /** Hands over no more of a batch that was used in order: its requests go another way. */
    abstract void forgetBatch();

    @Override
    public final boolean await(long timeoutNanos) {
        assert isOwner();
        if (isBroken()) {
            return true;
        }
        boolean arrived = inFlight.count() == 0 ? notifier.awaitWakeup(timeoutNanos) : notifier.await(timeoutNanos);
        if (arrived) {
            wakeups++;
        }
        return arrived;
    }

    @Override
    public final void wakeup() {
        QueueNotifier present = notifier;
        if (present != null) {
            present.wakeup();
        }
    }

    @Override
    public final QueueDTO dump() {
        QueueDTO dto = new QueueDTO();
        Thread thread = owner();
        dto.index = index();
        dto.size = size;
        dto.format = format.packed() ? "packed" : "split";
        dto.owner = thread == null ? null : thread.getName();
        dto.brokenReason = brokenReason();
        dto.breaks = breaks();
        dto.inFlight = inFlight.count();
        dto.freeDescriptors = free;
        dto.availableIndex = nextAvailablePosition();
        dto.usedIndex = nextUsedPosition();
        dto.requests = requestsBefore + published;
        dto.completions = completionsBefore + completed;
        dto.buffers = buffers;
        dto.bytesReadable = bytesReadable;
        dto.bytesWritten = bytesWritten;
        dto.indirect = indirect;
        dto.notificationsSent = notificationsSent;
        dto.notificationsSuppressed = notificationsSuppressed;
        dto.wakeups = wakeups;
        dto.full = full;
        return dto;
    }

    /** Where the next used buffer is expected, 16 bits. */
    abstract int nextUsedPosition();
}
