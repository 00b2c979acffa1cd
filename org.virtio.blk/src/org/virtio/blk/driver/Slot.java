// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import org.virtio.blk.BlockCallback;

/** A place for one request on a virtqueue: the token of its descriptor chain, and who is to be told of its end. */
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

    /**
     * Sets who is told. References are neither cleared after use nor stored again if they are the same: each store of one
     * may cost the garbage collector's barrier with its fence, and a slot's next request mostly has the same callback.
     */
    void assign(SplitRequest newSplit, BlockCallback newCallback, Object newContext) {
        if (split != newSplit) {
            split = newSplit;
        }
        if (callback != newCallback) {
            callback = newCallback;
        }
        if (context != newContext) {
            context = newContext;
        }
    }
}
