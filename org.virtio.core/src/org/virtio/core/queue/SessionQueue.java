// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.virtio.queue.QueueDTO;
import org.virtio.transport.QueueNotifier;

/**
 * A queue that outlives the transport by which its device is reached: in between it has no session, and its owner sleeps without
 * a notifier.
 *
 * <p>Who suspends and resumes it never waits for the owner, and never touches what is the owner's: a session is offered, and the
 * owner takes it when it polls.
 */
abstract class SessionQueue extends OwnedQueue {
    private static final VarHandle NEXT = next();

    /** Notifies nobody and hears of nothing. */
    static final QueueNotifier NOBODY = new QueueNotifier() {
        @Override
        public void notifyDevice(int data) {
            // There is no device.
        }

        @Override
        public boolean await(long timeoutNanos) {
            return false;
        }

        @Override
        public void wakeup() {
            // The owner looks whether it is wanted.
        }
    };

    /** Volatile, since any thread may wake the owner while the queue is set up anew. */
    private volatile QueueNotifier notifier;
    /** Null while the device is there; else {@link RingSession#NONE}, or where to go on. */
    private volatile RingSession next;
    /** Whether somebody wants the owner, who may be asleep by a notifier or without one. */
    private volatile boolean woken;
    /** The owner's, and plain: see {@link Ring}. */
    final LatencySampler latency = new LatencySampler();
    private long wakeups;

    SessionQueue(int index) {
        super(index);
    }

    private static VarHandle next() {
        try {
            return MethodHandles.lookup().findVarHandle(SessionQueue.class, "next", RingSession.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Connects the queue to its notifications, while it has no owner or its owner waits for that. */
    public final void notifier(QueueNotifier queueNotifier) {
        notifier = queueNotifier;
    }

    final QueueNotifier notifier() {
        return notifier;
    }

    /**
     * The device cannot be reached any more. Requests are kept, and more can be entered; the owner goes on in the session that is
     * {@linkplain #resume offered} next. Not by the owner.
     *
     * @return the session that was offered and not entered, or null
     */
    public final RingSession suspend() {
        RingSession before = (RingSession) NEXT.getAndSet(this, RingSession.NONE);
        wakeup();
        // Nothing of a transport that goes may be held, and its owner may be long in coming.
        notifier = NOBODY;
        return before == RingSession.NONE ? null : before;
    }

    /** Offers the owner, whoever that will be, to go on: it does when it polls next. After {@link #suspend}. */
    public final void resume(RingSession session) {
        next = session;
        wakeup();
    }

    /** Whether the device is away, or its owner has not gone on yet. */
    public final boolean isSuspended() {
        return next != null;
    }

    /** Null while the device is there; else {@link RingSession#NONE}, or where to go on. */
    final RingSession session() {
        return next;
    }

    /** For the owner: false if there is nothing to go on in, or not any more. */
    final boolean take(RingSession session) {
        return session != RingSession.NONE && NEXT.compareAndSet(this, session, null);
    }

    /** Whether nothing is in flight. */
    abstract boolean isIdle();

    @Override
    public final boolean await(long timeoutNanos) {
        assert isOwner();
        if (isBroken()) {
            return true;
        }
        if (next != null || woken) {
            return awaitSession(timeoutNanos);
        }
        boolean arrived = isIdle() ? notifier.awaitWakeup(timeoutNanos) : notifier.await(timeoutNanos);
        latency.slept();
        if (arrived) {
            wakeups++;
            // What whoever woke us has for us can be seen by now. One that comes after the time is for the next wait.
            woken = false;
        }
        return arrived;
    }

    /** As {@link #await} while there is no notifier. */
    private boolean awaitSession(long timeoutNanos) {
        long start = System.nanoTime();
        boolean interrupted = false;
        boolean arrived = true;
        while (next == RingSession.NONE && !woken && !isBroken() && arrived) {
            long left = timeoutNanos - (System.nanoTime() - start);
            arrived = left > 0;
            if (arrived) {
                LockSupport.parkNanos(this, left);
                // Parking would not wait: an interrupted thread waits here as it does for a notifier.
                interrupted |= Thread.interrupted();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (woken) {
            woken = false;
            return true;
        }
        return arrived;
    }

    /**
     * We store that the owner is wanted, then load whether there is a session; the owner loses its session, then looks whether it
     * is wanted. A notifier that is closed by now does nothing, and then the owner has no session, or a new one.
     */
    @Override
    public final void wakeup() {
        woken = true;
        QueueNotifier present = notifier;
        if (present != null) {
            present.wakeup();
        }
        if (next != null) {
            LockSupport.unpark(owner());
        }
    }

    /** What of a snapshot is not the ring's. */
    final QueueDTO dumpSession() {
        QueueDTO dto = new QueueDTO();
        Thread thread = owner();
        dto.index = index();
        dto.owner = thread == null ? null : thread.getName();
        dto.brokenReason = brokenReason();
        dto.breaks = breaks();
        dto.wakeups = wakeups;
        latency.dump(dto);
        return dto;
    }
}
