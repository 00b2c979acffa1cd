// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import org.virtio.posix.EventFd;
import org.virtio.posix.PosixException;

/** Sleeps on an eventfd that an interrupt, or the thread that takes it, signals. */
class EventFdWait implements UsedWait {
    private final EventFd signal;
    private final boolean own;
    private volatile boolean closed;

    /** Waits on that eventfd; if it is not this one's own, its owner closes it after this. */
    EventFdWait(EventFd signal, boolean own) {
        this.signal = signal;
        this.own = own;
    }

    @Override
    public boolean await(long timeoutNanos) {
        try {
            return !closed && signal.await(timeoutNanos);
        } catch (PosixException | IllegalStateException e) {
            // Closed since it was looked at; or poll failed, and a wait may end early.
            return false;
        }
    }

    @Override
    public boolean awaitWakeup(long timeoutNanos) {
        return await(timeoutNanos);
    }

    @Override
    public void workGiven() {
        // An interrupt will tell.
    }

    @Override
    public void wakeup() {
        if (!closed) {
            signal.signal();
        }
    }

    @Override
    public void close() {
        closed = true;
        // First, since closing alone does not end a wait.
        signal.signal();
        if (own) {
            signal.close();
        }
    }
}
