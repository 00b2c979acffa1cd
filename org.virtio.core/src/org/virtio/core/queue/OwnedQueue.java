// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import org.virtio.transport.OwnedVirtqueue;

/** Who owns a queue, and whether it works. */
abstract class OwnedQueue implements OwnedVirtqueue {
    private static final String RESETTING = "the queue is being reset";

    private final int index;
    private volatile Thread owner;
    private volatile String brokenReason;
    /** Whether the queue cannot be unbroken. */
    private boolean beyondRepair;
    private boolean resetting;
    /** Why a driver broke the queue while it was being reset, or null. */
    private String brokenMeanwhile;
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
            if (resetting && !forGood && brokenMeanwhile == null) {
                brokenMeanwhile = reason;
            }
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
        brokenMeanwhile = null;
        if (beyondRepair) {
            return false;
        }
        brokenReason = null;
        return true;
    }

    /**
     * Its requests are to be handed back: the device and the driver will no longer agree on what is in flight.
     *
     * @return false if the queue is not broken, perhaps not any more
     */
    final synchronized boolean detached() {
        if (brokenReason == null) {
            return false;
        }
        beyondRepair = true;
        return true;
    }

    /**
     * Breaks the queue for as long as it is being reset; nobody but {@link #endReset} unbreaks it.
     *
     * @return whether what the device says can be believed until now
     */
    public final synchronized boolean beginReset() {
        boolean trusted = !beyondRepair;
        resetting = true;
        brokenMeanwhile = null;
        beyondRepair = true;
        if (brokenReason == null) {
            brokenReason = RESETTING;
        }
        return trusted;
    }

    /** Whether it is broken for no other reason than that it is being reset, or was broken before that. */
    public final synchronized boolean isResetting() {
        return resetting;
    }

    /** The queue was reset and begins anew; a driver may have broken it meanwhile. */
    public final synchronized void endReset() {
        resetting = false;
        beyondRepair = false;
        brokenReason = brokenMeanwhile;
        if (brokenMeanwhile != null) {
            breaks++;
        }
    }

    /** The queue could not be reset: it stays broken, for this reason if it worked before. */
    public final synchronized void failReset(String reason) {
        resetting = false;
        if (RESETTING.equals(brokenReason)) {
            breaks++;
            brokenReason = reason;
        }
    }

    /** How often the queue broke. */
    final synchronized int breaks() {
        return breaks;
    }
}
