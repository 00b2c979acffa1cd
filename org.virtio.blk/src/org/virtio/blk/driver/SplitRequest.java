// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import org.virtio.blk.BlockCallback;
import org.virtio.blk.BlockResult;
import org.virtio.memory.DmaBuffer;

/** A request that is larger than the device or the queue takes at once, and how far it has come. */
final class SplitRequest {
    int type;
    /** Where the part that has not been entered starts, in bytes. */
    long position;
    /** Bytes that have not been entered. */
    long remaining;
    /** Bytes in each part but the last. */
    long partSize;
    /** The data, or null for discard and write zeroes. */
    DmaBuffer data;
    /** Where in the data the part that has not been entered starts. */
    int offset;
    /** Flags of a discard or write zeroes segment. */
    int flags;
    BlockCallback callback;
    Object context;
    /** Parts that have been entered and not completed. */
    int outstanding;
    /** The first result that was not OK. */
    int result;

    void start(int newType, long newPosition, long length, long newPartSize, BlockCallback newCallback, Object newContext) {
        type = newType;
        position = newPosition;
        remaining = length;
        partSize = newPartSize;
        callback = newCallback;
        context = newContext;
        outstanding = 0;
        result = BlockResult.OK;
    }

    void withData(DmaBuffer newData, int newOffset) {
        data = newData;
        offset = newOffset;
    }

    void withFlags(int newFlags) {
        data = null;
        flags = newFlags;
    }

    long nextLength() {
        return Math.min(remaining, partSize);
    }

    void entered(long length) {
        position += length;
        remaining -= length;
        offset += data == null ? 0 : (int) length;
        outstanding++;
    }

    /** Forgets the caller's objects, which would live on until the next use. */
    void clear() {
        data = null;
        callback = null;
        context = null;
    }

    /** What has not been entered never will be. */
    void abandon(int newResult) {
        remaining = 0;
        if (result == BlockResult.OK) {
            result = newResult;
        }
    }
}
