// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import org.virtio.transport.OwnedVirtqueue;

/** Who owns a queue, and whether it works. */
abstract class OwnedQueue implements OwnedVirtqueue {
    private final int index;
    private volatile Thread owner;
    private volatile String brokenReason;
    /** Whether the queue cannot be unbroken. */
    private boolean beyondRepair;
    private int breaks;

    OwnedQueue(int index) {
        this.index = index;
    }

    @Override
    public final int index() {
        return index;
    }

    @Override
    public final Thread owner() {
        return owner;
    }

    @Override
    public final void owner(Thread thread) {
        owner = thread;
    }

    final boolean isOwner() {
        return owner == Thread.currentThread();
    }

    @Override
    public final boolean isBroken() {
        return brokenReason != null;
    }

    @Override
    public final String brokenReason() {
        return brokenReason;
    }

    @Override
    public final void breakQueue(String reason) {
        breakQueue(reason, false);
    }

    @Override
    public final void breakForGood(String reason) {
        breakQueue(reason, true);
    }

    private void breakQueue(String reason, boolean forGood) {
        synchronized (this) {
            beyondRepair |= forGood;
            if (brokenReason != null) {
                return;
            }
            breaks++;
            brokenReason = reason;
        }
        wakeup();
    }

    @Override
    public final synchronized boolean unbreak() {
        if (beyondRepair) {
            return false;
        }
        brokenReason = null;
        return true;
    }

    /** Its requests were handed back: the device and the driver no longer agree on what is in flight. */
    final synchronized void detached() {
        beyondRepair = true;
    }

    /** The queue was reset and begins anew. */
    public final synchronized void repaired() {
        beyondRepair = false;
        brokenReason = null;
    }

    /** How often the queue broke. */
    final synchronized int breaks() {
        return breaks;
    }
}
