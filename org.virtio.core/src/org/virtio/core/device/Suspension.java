// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import java.util.function.BiConsumer;

/** Why a device has no transport at present, and how often and how long it had none. Any thread may ask. */
final class Suspension {
    private volatile BiConsumer<Session, String> keeper;
    /** The transport that is lost, or was. */
    private Session lost;
    private volatile String why;
    private volatile String reason;
    private volatile long since;
    private volatile int count;
    private volatile long lastNanos;

    /** Who is told of a transport that is lost. */
    void keeper(BiConsumer<Session, String> newKeeper) {
        keeper = newKeeper;
    }

    /** The transport is lost: tells the keeper, once; false if there is none. */
    boolean lose(Session session, String cause) {
        BiConsumer<Session, String> who = keeper;
        if (who == null) {
            return false;
        }
        boolean first;
        synchronized (this) {
            first = lost != session;
            lost = session;
        }
        if (first) {
            who.accept(session, cause);
        }
        return true;
    }

    /** Whether that transport is lost. */
    synchronized boolean isLost(Session session) {
        return session != null && lost == session;
    }

    synchronized void begin(String cause) {
        since = System.nanoTime();
        why = cause;
        reason = cause;
        count++;
    }

    /** Why the last attempt to go on failed. */
    synchronized void note(String attempt) {
        // An attempt at the same time may have been the better one.
        if (reason != null) {
            reason = why + "; " + attempt;
        }
    }

    synchronized void end() {
        lastNanos = System.nanoTime() - since;
        reason = null;
        lost = null;
    }

    /** Why it is suspended, or null. */
    String reason() {
        return reason;
    }

    int count() {
        return count;
    }

    /** How long the last one took, in nanoseconds. */
    long lastNanos() {
        return lastNanos;
    }
}
