// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.message;

import org.virtio.transport.OwnedVirtqueue;

/** Who owns a queue, and whether it works. */
abstract class BreakableQueue implements OwnedVirtqueue {
    private final int index;
    private volatile Thread owner;
    private volatile String brokenReason;
    private boolean beyondRepair;
    private int breaks;

    BreakableQueue(int index) {
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
            if (brokenReason == null) {
                breaks++;
                brokenReason = reason;
            }
        }
        wakeup();
    }

    @Override
    public final synchronized boolean unbreak() {
        if (!beyondRepair) {
            brokenReason = null;
        }
        return !beyondRepair;
    }

    final synchronized int breaks() {
        return breaks;
    }
}
