// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import static org.virtio.spec.BlkRequestLayout.SEGMENT_FLAG_UNMAP;
import static org.virtio.spec.BlkRequestLayout.T_DISCARD;
import static org.virtio.spec.BlkRequestLayout.T_WRITE_ZEROES;

import java.util.function.Consumer;
import org.virtio.blk.BlockCallback;
import org.virtio.blk.BlockResult;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueResult;
import org.virtio.queue.UsedBufferHandler;
import org.virtio.queue.Virtqueue;

/**
 * The requests of one virtqueue, from entering to completion: for the queue's owner alone, without allocation. Requests
 * must be within bounds ({@link Bounds}).
 *
 * <p>A request that is larger than the device or the queue takes is a {@link SplitRequest}. At most one of them waits to be
 * entered to its end; while it does, new requests find the queue full, so that small ones cannot starve it.
 */
final class RequestEngine implements UsedBufferHandler {
    private final Virtqueue queue;
    private final RequestSlots slots;
    private final BlkConfig config;
    private final long maxTransfer;
    /** A stack: the first {@code freeSplits} are free. */
    private final SplitRequest[] splits;
    private int freeSplits;
    /** The request of which a part has not been entered, or null. */
    private SplitRequest waiting;
    /** Requests that are complete without the device, oldest first. */
    private final SlotList immediate = new SlotList();
    private boolean gone;
    private int inFlight;
    private int completed;

    /** @param memory of {@link RequestSlots#memorySize} bytes at least */
    RequestEngine(Virtqueue queue, DmaBuffer memory, BlkConfig config) {
        this.queue = queue;
        this.config = config;
        int maxSegmentSize = config.limits().maxSegmentSize();
        this.slots = new RequestSlots(queue, memory, maxSegmentSize);
        long segments = Math.min(config.limits().maxSegments(), queue.size() - RequestSlots.OVERHEAD);
        long bytes = segments * maxSegmentSize;
        this.maxTransfer = bytes - bytes % config.blockSize();
        this.splits = new SplitRequest[slots.count()];
        for (int i = 0; i < splits.length; i++) {
            splits[freeSplits++] = new SplitRequest();
        }
    }

    /** Requests that have been entered and not completed. */
    int inFlight() {
        return inFlight;
    }

    /** Whether the queue was found broken; nothing is in flight then. */
    boolean isGone() {
        return gone && inFlight == 0;
    }

    /** Enters a read (T_IN) or write (T_OUT). */
    int transfer(int type, long position, DmaBuffer data, int offset, int length, BlockCallback callback, Object context) {
        if (waiting != null) {
            return QueueResult.FULL;
        }
        if (length == 0) {
            return enterImmediate(BlockResult.OK, callback, context);
        }
        if (length > maxTransfer) {
            return splitTransfer(type, position, data, offset, length, callback, context);
        }
        Slot slot = slots.peek();
        if (slot == null) {
            return QueueResult.FULL;
        }
        return accept(slots.transfer(slot, type, position, data, offset, length), slot, callback, context);
    }

    /** Enters a flush. */
    int flush(BlockCallback callback, Object context) {
        if (waiting != null) {
            return QueueResult.FULL;
        }
        if (!config.flush()) {
            return enterImmediate(BlockResult.OK, callback, context);
        }
        Slot slot = slots.peek();
        return slot == null ? QueueResult.FULL : accept(slots.flush(slot), slot, callback, context);
    }

    /** Enters a discard. */
    int discard(long position, long length, BlockCallback callback, Object context) {
        return range(T_DISCARD, position, length, 0, callback, context);
    }

    /** Enters a write zeroes. */
    int writeZeroes(long position, long length, boolean unmap, BlockCallback callback, Object context) {
        int flags = unmap && config.limits().writeZeroesMayUnmap() ? SEGMENT_FLAG_UNMAP : 0;
        return range(T_WRITE_ZEROES, position, length, flags, callback, context);
    }

    /** Enters a get id. */
    int id(DmaBuffer data, int offset, BlockCallback callback, Object context) {
        Slot slot = slots.peek();
        if (waiting != null || slot == null) {
            return QueueResult.FULL;
        }
        return accept(slots.id(slot, data, offset), slot, callback, context);
    }

    /** Publishes what has been entered. */
    void submit() {
        queue.flush();
    }

    /**
     * Completes what the device has used.
     *
     * @return how many callbacks were called
     */
    int poll(int limit) {
        int before = completed;
        if (!immediate.isEmpty()) {
            completeImmediate();
        }
        int used = queue.poll(this, limit);
        if (used == QueueResult.BROKEN) {
            failAll();
        } else if (waiting != null && (used > 0 || waiting.outstanding == 0)) {
            enterParts(waiting);
            queue.flush();
        }
        return completed - before;
    }

    @Override
    public void used(Object token, int written) {
        throw new IllegalStateException("the queue did not hand over a request's context");
    }

    @Override
    public void used(Object token, long context, int written) {
        Slot slot = slots.of(context);
        end(slot, gone ? BlockResult.DEVICE_GONE : slots.result(slot, written));
    }

    private void end(Slot slot, int result) {
        SplitRequest split = slot.split;
        BlockCallback callback = slot.callback;
        Object given = slot.context;
        slot.clear();
        slots.give(slot);
        if (split == null) {
            complete(callback, given, result);
        } else {
            partCompleted(split, result);
        }
    }

    /**
     * Whether nothing of what has been entered is in the queue any more: what the owner had under construction when it died
     * was taken back. Requests that the device need not see are completed by {@link #poll} first.
     */
    boolean hasLost() {
        return immediate.isEmpty() && slots.freeCount() < slots.count() && queue.inFlight() == 0;
    }

    /** Fails what has been entered, also what the queue does not have: it must hand over nothing more. */
    void failTaken() {
        SplitRequest split = waiting;
        if (split != null) {
            waiting = null;
            split.abandon(BlockResult.DEVICE_GONE);
            completeIfLast(split);
        }
        if (!immediate.isEmpty()) {
            completeImmediate();
        }
        if (slots.freeCount() < slots.count()) {
            slots.findTaken();
            for (Slot slot = slots.taken(); slot != null; slot = slots.taken()) {
                end(slot, BlockResult.DEVICE_GONE);
            }
        }
    }

    /**
     * Breaks the queue and fails all that is in flight; neither may be used afterwards. Each round ends at least one request,
     * even if its callback throws; if that cannot be (the queue itself throws, or is made to work again each time), requests
     * fail although the device may have them.
     *
     * @param failed is told what was thrown
     */
    void breakOff(String reason, Consumer<Throwable> failed) {
        queue.breakQueue(reason);
        for (int rounds = inFlight; rounds > 0 && inFlight > 0; rounds--) {
            try {
                queue.breakQueue(reason);
                poll(1);
            } catch (RuntimeException | Error e) {
                failed.accept(e);
            }
        }
        for (int rounds = inFlight; rounds > 0 && inFlight > 0; rounds--) {
            try {
                failTaken();
            } catch (RuntimeException | Error e) {
                failed.accept(e);
            }
        }
    }

    private int range(int type, long position, long length, int flags, BlockCallback callback, Object context) {
        long max = type == T_DISCARD ? config.limits().maxDiscardBytes() : config.limits().maxWriteZeroesBytes();
        Slot slot = slots.peek();
        if (waiting != null || slot == null) {
            return QueueResult.FULL;
        }
        if (max == 0) {
            return enterImmediate(BlockResult.UNSUPPORTED, callback, context);
        }
        if (length == 0) {
            return enterImmediate(BlockResult.OK, callback, context);
        }
        if (length <= max) {
            return accept(slots.range(slot, type, position, length, flags), slot, callback, context);
        }
        if (freeSplits == 0) {
            return QueueResult.FULL;
        }
        SplitRequest split = splits[freeSplits - 1];
        split.start(type, position, length, max, callback, context);
        split.withFlags(flags);
        return enterSplit(split);
    }

    private int accept(int begun, Slot slot, BlockCallback callback, Object context) {
        if (begun == QueueResult.OK) {
            slots.take();
            slot.assign(null, callback, context);
            inFlight++;
        }
        return begun;
    }

    private int enterImmediate(int result, BlockCallback callback, Object context) {
        Slot slot = slots.peek();
        if (queue.isBroken()) {
            return QueueResult.BROKEN;
        }
        if (slot == null) {
            return QueueResult.FULL;
        }
        slot.result = result;
        immediate.add(slot);
        return accept(QueueResult.OK, slot, callback, context);
    }

    private void completeImmediate() {
        // Up to the one that is last now: a callback may enter the next one, which is for the next poll.
        Slot last = immediate.last();
        Slot slot;
        do {
            slot = immediate.remove();
            BlockCallback callback = slot.callback;
            Object context = slot.context;
            slot.clear();
            slots.give(slot);
            complete(callback, context, gone ? BlockResult.DEVICE_GONE : slot.result);
        } while (slot != last);
    }

    private int splitTransfer(int type, long position, DmaBuffer data, int offset, int length, BlockCallback callback,
                              Object context) {
        if (freeSplits == 0) {
            return QueueResult.FULL;
        }
        SplitRequest split = splits[freeSplits - 1];
        split.start(type, position, length, maxTransfer, callback, context);
        split.withData(data, offset);
        return enterSplit(split);
    }

    private int enterSplit(SplitRequest split) {
        int entered = enterPart(split);
        if (entered == QueueResult.OK) {
            freeSplits--;
            inFlight++;
            waiting = split;
            enterParts(split);
        }
        return entered;
    }

    private void enterParts(SplitRequest split) {
        while (split.remaining > 0) {
            if (enterPart(split) != QueueResult.OK) {
                return;
            }
        }
        waiting = null;
    }

    private int enterPart(SplitRequest split) {
        Slot slot = slots.peek();
        if (slot == null) {
            return QueueResult.FULL;
        }
        long length = split.nextLength();
        int begun = split.data == null
            ? slots.range(slot, split.type, split.position, length, split.flags)
            : slots.transfer(slot, split.type, split.position, split.data, split.offset, (int) length);
        if (begun == QueueResult.OK) {
            slots.take();
            slot.assign(split, null, null);
            split.entered(length);
        }
        return begun;
    }

    private void partCompleted(SplitRequest split, int result) {
        split.outstanding--;
        if (result != BlockResult.OK) {
            split.abandon(result);
            if (waiting == split) {
                waiting = null;
            }
        }
        completeIfLast(split);
    }

    private void completeIfLast(SplitRequest split) {
        if (split.outstanding == 0 && split.remaining == 0) {
            BlockCallback callback = split.callback;
            Object context = split.context;
            split.clear();
            splits[freeSplits++] = split;
            complete(callback, context, split.result);
        }
    }

    private void complete(BlockCallback callback, Object context, int result) {
        inFlight--;
        completed++;
        callback.completed(context, result);
    }

    /** Every callback is called, also if some throw: what is left over is found by the next poll. */
    private void failAll() {
        gone = true;
        if (detach()) {
            failTaken();
        } else {
            gone = false;
        }
    }

    /** False if the queue works again: until it gives back its requests, any thread can see to that. */
    private boolean detach() {
        int before = slots.freeCount();
        try {
            queue.detach(this);
            return true;
        } catch (IllegalStateException e) {
            if (slots.freeCount() != before) {
                // A callback's: something was given back.
                throw e;
            }
            return false;
        }
    }
}
