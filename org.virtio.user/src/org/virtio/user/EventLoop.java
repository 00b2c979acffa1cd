// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.posix.Epoll;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.PosixException;

/**
 * One thread that watches the sockets of all open devices, and on which their listeners are called. All methods may be
 * called from any thread, also from that one.
 */
final class EventLoop implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EventLoop.class);
    /** Longer than a listener should ever take; it may have to wait for a back end's replies. */
    private static final long JOIN_MILLIS = TimeUnit.SECONDS.toMillis(10);

    private final Epoll epoll;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final Thread thread;
    private volatile boolean closed;

    /** Is told what its file descriptor is ready for, on the loop's thread; must not block. */
    @FunctionalInterface
    interface Watcher {
        /** The sum of the constants of {@link Epoll} that hold. */
        void ready(int events);
    }

    private EventLoop(Epoll epoll) {
        this.epoll = epoll;
        this.thread = new Thread(this::run, "vhost-user events");
        thread.setDaemon(true);
    }

    static EventLoop start() throws PosixException {
        EventLoop loop = new EventLoop(Epoll.create());
        loop.thread.start();
        return loop;
    }

    /** Watches a file descriptor, to be unwatched before it is closed. */
    void watch(FileDescriptor fd, int events, Watcher watcher) throws PosixException {
        epoll.add(fd, events, watcher);
    }

    /** Changes what a watched file descriptor is watched for. */
    void change(FileDescriptor fd, int events) throws PosixException {
        epoll.modify(fd, events);
    }

    /** Stops watching, if it is watched; a watcher that runs now may still be in the middle. */
    void unwatch(FileDescriptor fd) {
        try {
            epoll.remove(fd);
        } catch (PosixException e) {
            LOG.warn("A socket could not be unwatched", e);
        }
    }

    /** Runs a task on the loop's thread, after those given before. After {@link #close()}, does nothing. */
    void execute(Runnable task) {
        tasks.add(task);
        epoll.wakeup();
    }

    private void run() {
        Epoll.Handler handler = (watcher, events) -> guarded(() -> ((Watcher) watcher).ready(events));
        while (!closed) {
            try {
                epoll.wait(-1, handler);
            } catch (PosixException e) {
                LOG.error("Back ends can no longer be watched", e);
                return;
            }
            Runnable task = tasks.poll();
            while (task != null && !closed) {
                guarded(task);
                task = tasks.poll();
            }
        }
    }

    /** One device's trouble is not that of the others. */
    private static void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            LOG.error("A listener of a vhost-user device threw an exception", e);
        }
    }

    /** Ends the thread and waits for that. Closing again does nothing. */
    @Override
    public void close() {
        closed = true;
        epoll.wakeup();
        try {
            if (Thread.currentThread() != thread) {
                thread.join(JOIN_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive() && Thread.currentThread() != thread) {
            LOG.error("The event thread did not end within {} ms", JOIN_MILLIS);
        }
        epoll.close();
    }
}
