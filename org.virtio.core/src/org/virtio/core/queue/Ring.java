// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.virtio.core.memory.AddressMap;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueDTO;
import org.virtio.queue.QueueResult;
import org.virtio.queue.UsedBufferHandler;
import org.virtio.transport.QueueSetup;

/**
 * What rings of both formats have in common: the request under construction, an owner, a way to break, notifications,
 * counters. Counters belong to the owner thread and are plain, so that counting costs no shared write; others may read them
 * late.
 */
public abstract class Ring extends SessionQueue {
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
    AddressMap addresses;

    private Request request;
    private QueueSetup setup;
    private int size;
    private int tableLength;
    private boolean notificationsWanted;

    /** Of requests before the queue was last reset. */
    private long requestsBefore;
    private long completionsBefore;
    private long buffers;
    private long bytesReadable;
    private long bytesWritten;
    private long indirect;
    private long notificationsSent;
    private long notificationsSuppressed;
    private long full;

    Ring(int index, RingFormat format) {
        super(index);
        this.format = format;
    }

    /**
     * Begins an empty ring in other memory, or in the same: after the queue has been reset. The format's own part comes after
     * this.
     *
     * @param newAddresses by which the device knows memory
     * @throws IllegalArgumentException if the format cannot have that size
     */
    public final void lay(int newSize, DmaBuffer memory, AddressMap newAddresses) {
        format.checkSize(newSize);
        request = new Request(newSize);
        layAgain(newSize, memory, newAddresses);
    }

    private void layAgain(int newSize, DmaBuffer memory, AddressMap newAddresses) {
        RingMemory ring = new RingMemory(memory.bytes());
        ring.clear(format.bytes(newSize));
        requestsBefore += published;
        completionsBefore += completed;
        size = newSize;
        free = newSize;
        entered = 0;
        published = 0;
        completed = 0;
        addresses = newAddresses;
        inFlight = new InFlight(newSize);
        tables = format.tables(ring, newSize, memory.address(), newAddresses);
        tableLength = tables == null ? 0 : tables.length();
        setup = format.setup(index(), newSize, newAddresses.toDevice(memory.address()));
        lay(ring, newSize);
        disableNotificationsNow();
    }

    /** Finds the format's areas in zeroed memory. */
    abstract void lay(RingMemory memory, int newSize);

    /** What the transport needs in order to set the queue up. */
    public final QueueSetup setup() {
        return setup;
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
        request.addReadable(buffer, offset, length);
    }

    @Override
    public final void addWritable(DmaBuffer buffer, int offset, int length) {
        assert isOwner();
        request.addWritable(buffer, offset, length);
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
            inFlight.time(enter(request, useTable), latency.entered());
            entered++;
            buffers += count;
            bytesReadable += request.readableBytes();
        }
        request.clear();
    }

    /** Writes a request into the ring, for the device to see once it is published, and returns its slot. */
    abstract int enter(Request complete, boolean useTable);

    @Override
    public final boolean publish() {
        assert isOwner();
        complete();
        // A device that is away, or about to go, is given no more: it would not become quiet. All of it is for the next session.
        if (entered == published || isBroken() || isSuspended()) {
            return false;
        }
        boolean wanted = showDevice();
        if (!wanted) {
            notificationsSuppressed++;
        }
        return wanted;
    }

    /** Returns whether the device wants to be told. */
    private boolean showDevice() {
        release();
        int count = (int) (entered - published);
        published = entered;
        // We store what is available, then load the device's wish; the device stores its wish, then loads what is available.
        // Without a full fence on both sides each may miss the other's store, and sleep.
        VarHandle.fullFence();
        return deviceWantsNotification(count);
    }

    /** A request in flight out of the driver's own record. */
    abstract SavedRequest save(int slot);

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
        notifier().notifyDevice(notificationData());
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
        latency.polled();
        // Loaded before we look at what is used: of a device that is left there comes no more once there is a session.
        RingSession session = session();
        int count = pollRing(handler, limit);
        if (session != null && count < limit && !isBroken() && take(session)) {
            goOn(session);
        }
        return count == 0 && isBroken() ? QueueResult.BROKEN : count;
    }

    /** Hands over up to {@code limit} used buffers; stops early if that breaks the queue. */
    abstract int pollRing(UsedBufferHandler handler, int limit);

    /** Ends a request whose place in the ring was given up. */
    final void deliver(int slot, UsedBufferHandler handler, int written) {
        latency.used(inFlight.takeTime(slot));
        inFlight.remove(slot);
        completed++;
        bytesWritten += written;
        inFlight.deliver(slot, handler, written);
    }

    private void goOn(RingSession session) {
        boolean wanted = notificationsWanted;
        if (session.memory() != null) {
            enterAgain(session);
        }
        notifier(session.notifier());
        session.entered().accept(session);
        if (wanted) {
            prepareNotifications();
        }
        if (inFlight.count() > 0) {
            // Also what its owner has not shown it yet; but not a request under construction.
            showDevice();
            notifyDevice();
        }
    }

    /** Enters everything in flight again, the oldest first. */
    private void enterAgain(RingSession session) {
        List<SavedRequest> saved = IntStream.of(inFlight.oldestFirst()).mapToObj(this::save).toList();
        requestsBefore -= saved.size() - (entered - published);
        layAgain(size, session.memory(), session.addresses());
        Request again = new Request(size);
        for (SavedRequest one : saved) {
            again.load(one);
            inFlight.time(enter(again, one.useTable()), one.time());
            entered++;
        }
    }

    @Override
    public final void disableNotifications() {
        assert isOwner();
        notificationsWanted = false;
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

    @Override
    public final int prepareNotifications() {
        assert isOwner();
        notificationsWanted = true;
        return requestNotifications();
    }

    /** Asks to be notified of the next used buffer, and returns where that is expected. */
    abstract int requestNotifications();

    /** Whether there is something to poll; may find that the queue is broken. */
    abstract boolean isUsedAt(int position);

    private boolean giveUpNotifications() {
        notificationsWanted = false;
        disableNotificationsNow();
        return false;
    }

    @Override
    public final boolean enableNotificationsDelayed() {
        assert isOwner();
        notificationsWanted = true;
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

    @Override
    final boolean isIdle() {
        return inFlight.count() == 0;
    }

    /** Hands over no more of a batch that was used in order: its requests go another way. */
    abstract void forgetBatch();

    @Override
    public final QueueDTO dump() {
        QueueDTO dto = dumpSession();
        dto.size = size;
        dto.format = format.packed() ? "packed" : "split";
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
        dto.full = full;
        return dto;
    }

    /** Where the next used buffer is expected, 16 bits. */
    abstract int nextUsedPosition();
}
