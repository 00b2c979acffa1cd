// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import org.virtio.memory.DmaBuffer;

/** One virtqueue of a {@link QueueSet}, by whose monitor it is guarded, and who has it. */
final class Lane {
    /** Null unless a poller has the queue or is about to. Read without the monitor by those who submit. */
    volatile Poller poller;
    /** The application's thread that has the queue or is about to, or null. May have ended without closing it. */
    Thread owner;
    /** What the owner has opened, or null. */
    BlkQueue opened;
    /** Why the queue is of no more use, or null. */
    String broken;
    /** What the queue's requests lie in, whoever owns it. */
    final DmaBuffer memory;

    Lane(DmaBuffer memory) {
        this.memory = memory;
    }

    boolean isFree() {
        return broken == null && poller == null && isUnowned();
    }

    /** Whether no thread of an application can use the queue any more. */
    boolean isUnowned() {
        return owner == null || !owner.isAlive();
    }

    /** Why the queue does not work, also if its owner has not noticed yet; or null. */
    String failure() {
        return broken == null && opened != null ? opened.failure() : broken;
    }
}
