// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import org.virtio.blk.BlockCallback;

/** A place for one request on a virtqueue, whose number the queue hands back, and who is to be told of the request's end. */
final class Slot {
    /** Its number, from 0. */
    final int index;
    /** Offset of its request header in the queue's memory. */
    final int header;
    /** Offset of its discard or write zeroes segment. */
    final int segment;
    /** Offset of its status. */
    final int status;
    /** The fewest bytes that the device writes when it succeeds. */
    int expected;
    /** The request that this is a part of, or null. */
    SplitRequest split;
    /** Who is told, unless this is a part. */
    BlockCallback callback;
    /** What the callback is given. */
    Object context;
    /** The result of a request that the device need not see. */
    int result;
    /** The next of the requests that the device need not see. */
    Slot next;

    Slot(int index, RequestLayout layout) {
        this.index = index;
        this.header = layout.header(index);
        this.segment = layout.segment(index);
        this.status = layout.status(index);
    }

    /** Sets who is told. A null is not stored: it is there since {@link #clear}. */
    void assign(SplitRequest newSplit, BlockCallback newCallback, Object newContext) {
        if (newSplit != null) {
            split = newSplit;
        }
        if (newCallback != null) {
            callback = newCallback;
        }
        if (newContext != null) {
            context = newContext;
        }
    }

    /** Forgets who is told: through them it would hold on to a caller's buffers until its next use, which may never come. */
    void clear() {
        split = null;
        callback = null;
        context = null;
    }
}
