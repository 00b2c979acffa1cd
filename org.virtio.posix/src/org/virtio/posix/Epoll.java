// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.virtio.posix.LibC.libc;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Waits for many descriptors at once: epoll(7), level-triggered. One thread at a time waits; every other method may be
 * called from any thread, also by the handler. Waiting allocates nothing.
 *
 * <p>What is reported may have been removed an instant before: each registration has a number that is not used again, by
 * which a report for a removed one is recognised and dropped, even if its descriptor's number was taken by a new file.
 */
public final class Epoll implements AutoCloseable {
    /** There is something to read, or a connection to accept. */
    public static final int IN = 1;
    /** There is room to write. */
    public static final int OUT = 4;
    /** An error; reported without being asked for. */
    public static final int ERR = 8;
    /** The peer has hung up; reported without being asked for. */
    public static final int HUP = 0x10;
    /** The peer has closed, or shut down the direction in which it writes. */
    public static final int RDHUP = 0x2000;

    private static final int CTL_ADD = 1;
    private static final int CTL_DEL = 2;
    private static final int CTL_MOD = 3;
    private static final int MAX_EVENTS = 64;

    /** Stands for the wake-up; registrations have greater numbers. */
    private static final long WAKEUP_ID = 0;

    private final FileDescriptor fd;
    private final EventFd wakeup;
    private final EpollEvents ready = new EpollEvents(MAX_EVENTS);
    private final AtomicBoolean waiting = new AtomicBoolean();
    /** Replaced as a whole, under this object's lock, so that the waiting thread reads it without. */
    private volatile Registration[] registrations = new Registration[0];
    private long lastId = WAKEUP_ID;

    private record Registration(long id, FileDescriptor fd, Object token) {
    }

    /** Is told what is ready. */
    @FunctionalInterface
    public interface Handler {
        /**
         * A descriptor is ready. Called by the thread that waits; what it throws comes out of that call, and what was still to
         * be reported is reported by the next.
         *
         * @param token what was given with the descriptor
         * @param events the sum of the constants that hold
         */
        void ready(Object token, int events);
    }

    private Epoll(FileDescriptor fd, EventFd wakeup) {
        this.fd = fd;
        this.wakeup = wakeup;
    }

    /**
     * Creates one that watches nothing: epoll_create1(2).
     *
     * @return the epoll, which the caller owns
     * @throws PosixException if the process may open no more (EMFILE)
     */
    public static Epoll create() throws PosixException {
        EventFd wakeup = EventFd.create();
        int number = libc().epoll_create1(UnixSocket.SOCK_CLOEXEC);
        if (number < 0) {
            PosixException failure = LibC.failure("epoll_create1", null);
            wakeup.close();
            throw failure;
        }
        Epoll epoll = new Epoll(FileDescriptor.adopt(number), wakeup);
        try {
            epoll.control(CTL_ADD, wakeup.fd(), IN, WAKEUP_ID);
            return epoll;
        } catch (PosixException e) {
            epoll.close();
            throw e;
        }
    }

    /**
     * Watches a descriptor: epoll_ctl(2), EPOLL_CTL_ADD.
     *
     * @param watched what to watch; to be removed before it is closed
     * @param events the sum of the constants that are wanted
     * @param token what the handler is given
     * @throws PosixException EEXIST if it is watched already, EPERM if this kind of file cannot be
     * @throws IllegalStateException if this or the descriptor is closed
     */
    public synchronized void add(FileDescriptor watched, int events, Object token) throws PosixException {
        Registration[] before = registrations;
        Registration[] after = Arrays.copyOf(before, before.length + 1);
        after[before.length] = new Registration(++lastId, watched, token);
        registrations = after;
        boolean added = false;
        try {
            control(CTL_ADD, watched, events, lastId);
            added = true;
        } finally {
            if (!added) {
                registrations = before;
            }
        }
    }

    /**
     * Changes what is wanted of a descriptor; its token stays: epoll_ctl(2), EPOLL_CTL_MOD.
     *
     * @param watched what is watched
     * @param events the sum of the constants that are wanted now
     * @throws PosixException what the kernel says
     * @throws IllegalArgumentException if the descriptor is not watched
     * @throws IllegalStateException if this or the descriptor is closed
     */
    public synchronized void modify(FileDescriptor watched, int events) throws PosixException {
        for (Registration registration : registrations) {
            if (registration.fd() == watched) {
                control(CTL_MOD, watched, events, registration.id());
                return;
            }
        }
        throw new IllegalArgumentException(watched + " is not watched");
    }

    /**
     * Stops watching a descriptor: epoll_ctl(2), EPOLL_CTL_DEL. A handler that runs now may still be in the middle of its
     * report; no other begins. Does nothing if it is not watched.
     *
     * @param watched what is watched; if it was closed before, only its registration is dropped
     * @throws PosixException what the kernel says
     */
    public synchronized void remove(FileDescriptor watched) throws PosixException {
        Registration[] after = Arrays.stream(registrations).filter(r -> r.fd() != watched).toArray(Registration[]::new);
        if (after.length == registrations.length) {
            return;
        }
        registrations = after;
        if (watched.isOpen() && fd.isOpen()) {
            control(CTL_DEL, watched, 0, 0);
        }
    }

    /**
     * Waits until a descriptor is ready, or {@link #wakeup()} or {@link #close()} is called, and reports: epoll_wait(2).
     *
     * @param timeoutNanos how long to wait, rounded up to milliseconds; 0 does not wait, negative waits without limit
     * @param handler is told of each descriptor that is ready
     * @return how many were reported; 0 if the time was over or the wait was ended
     * @throws PosixException what the kernel says
     * @throws IllegalStateException if closed, or if a thread is waiting already
     */
    public int wait(long timeoutNanos, Handler handler) throws PosixException {
        if (!waiting.compareAndSet(false, true)) {
            throw new IllegalStateException("a thread is waiting already");
        }
        try {
            return report(await(timeoutNanos), handler);
        } finally {
            waiting.set(false);
        }
    }

    /** Holds the wake-up too: were it closed while this waits, the kernel would forget it, and with it the wake-up. */
    private int await(long timeoutNanos) throws PosixException {
        int number = fd.use();
        try {
            wakeup.fd().use();
            try {
                return ready.await(number, timeoutNanos);
            } finally {
                wakeup.fd().release();
            }
        } finally {
            fd.release();
        }
    }

    private int report(int count, Handler handler) {
        int reported = 0;
        for (int i = 0; i < count; i++) {
            long id = ready.id(i);
            Registration registration = id == WAKEUP_ID ? null : find(id);
            if (registration != null) {
                handler.ready(registration.token(), ready.events(i));
                reported++;
            } else if (id == WAKEUP_ID) {
                wakeup.drain();
            }
        }
        return reported;
    }

    private Registration find(long id) {
        for (Registration registration : registrations) {
            if (registration.id() == id) {
                return registration;
            }
        }
        return null;
    }

    /** Ends the wait of the thread that waits now, or else the next wait. Does nothing when closed. */
    public void wakeup() {
        wakeup.signal();
    }

    /** Ends the wait of the thread that waits now, and closes; what was watched stays open. Does nothing when closed. */
    @Override
    public void close() {
        fd.close();
        wakeup.signal();
        wakeup.close();
    }

    private void control(int operation, FileDescriptor watched, int events, long id) throws PosixException {
        int epoll = fd.use();
        try {
            int number = watched.use();
            try {
                LibC.check(EpollEvents.control(epoll, operation, number, events, id), "epoll_ctl", watched.toString());
            } finally {
                watched.release();
            }
        } finally {
            fd.release();
        }
    }
}
