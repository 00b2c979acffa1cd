// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import static org.virtio.spec.BlkRequestLayout.T_OUT;

import java.nio.ByteBuffer;
import org.virtio.blk.BlockCallback;
import org.virtio.blk.BlockException;
import org.virtio.blk.BlockResult;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueResult;

/** A read into or write from memory that the device cannot reach, copied through a {@link BouncePool} chunk by chunk. */
final class BounceSubmission extends Submission {
    private final int type;
    private final long position;
    /** Null when done, like the view: whoever keeps the request must not keep the caller's buffer. */
    private ByteBuffer data;
    /** The data with a position and limit that the caller cannot move. */
    private ByteBuffer view;
    private final int start;
    private final int end;
    /** Where in the data the first byte lies that has not been entered. */
    private int next;
    private int outstanding;
    private BlockException failure;
    /** A chunk that is ready but was not entered for want of room, or null. */
    private Chunk ready;

    /** @param type T_IN to read into the data's remaining bytes, T_OUT to write them */
    BounceSubmission(String description, int type, long position, ByteBuffer data) {
        super(description);
        this.type = type;
        this.position = position;
        this.data = data;
        this.view = data.duplicate();
        this.start = data.position();
        this.end = data.limit();
        this.next = start;
    }

    @Override
    int enter(Poller poller) {
        if (next == end) {
            // Failed since it was last entered, or empty from the beginning.
            finishIfDone();
            return QueueResult.OK;
        }
        Chunk chunk = ready == null ? prepare(poller.bounce()) : ready;
        if (chunk == null) {
            return QueueResult.FULL;
        }
        int entered = poller.engine().transfer(type, position + (chunk.at - start), chunk.buffer, 0, chunk.length, chunk, poller);
        if (entered != QueueResult.OK) {
            ready = chunk;
            return entered;
        }
        ready = null;
        next += chunk.length;
        outstanding++;
        return next == end ? QueueResult.OK : MORE;
    }

    @Override
    void refuse(BlockException why) {
        fail(why);
        finishIfDone();
    }

    private Chunk prepare(BouncePool pool) {
        int length = Math.min(end - next, BouncePool.MAX_SIZE);
        DmaBuffer buffer = pool.take(length);
        if (buffer == null) {
            return null;
        }
        if (type == T_OUT) {
            buffer.bytes().put(0, view, next, length);
        }
        return new Chunk(pool, buffer, next, length);
    }

    private void fail(BlockException why) {
        next = end;
        if (failure == null) {
            failure = why;
        }
        if (ready != null) {
            ready.release();
            ready = null;
        }
    }

    private void finishIfDone() {
        if (outstanding > 0 || next < end) {
            return;
        }
        ByteBuffer done = data;
        data = null;
        view = null;
        if (failure != null) {
            future.completeExceptionally(failure);
        } else {
            done.position(Math.min(end, done.limit()));
            future.complete(null);
        }
    }

    /** A part of the data and its place in shared memory. */
    private final class Chunk implements BlockCallback {
        final BouncePool pool;
        final DmaBuffer buffer;
        final int at;
        final int length;

        Chunk(BouncePool pool, DmaBuffer buffer, int at, int length) {
            this.pool = pool;
            this.buffer = buffer;
            this.at = at;
            this.length = length;
        }

        @Override
        public void completed(Object context, int result) {
            outstanding--;
            if (result != BlockResult.OK) {
                fail(exception(result, (Poller) context));
            } else if (type != T_OUT) {
                view.put(at, buffer.bytes(), 0, length);
            }
            // Also if the device still has it: what is closed under a broken queue is not handed out before a reset.
            release();
            finishIfDone();
        }

        void release() {
            pool.give(buffer);
        }
    }
}
