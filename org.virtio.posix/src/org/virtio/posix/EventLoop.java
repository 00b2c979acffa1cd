// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that watches descriptors, and on which those are called who wait for them. All methods may be called from any
 * thread, also from that one.
 */
public final class EventLoop implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EventLoop.class);
    /** Longer than a watcher or a task should ever take; it may have to wait for a device's answers. */
    private static final long JOIN_MILLIS = TimeUnit.SECONDS.toMillis(10);

    private final Epoll epoll;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final Thread thread;
    private volatile boolean closed;

    /** Is told what its file descriptor is ready for, on the loop's thread; must not block. */
    @FunctionalInterface
    public interface Watcher {
        /**
         * The descriptor is ready.
         *
         * @param events the sum of the constants of {@link Epoll} that hold
         */
        void ready(int events);
    }

    private EventLoop(Epoll epoll, String name) {
        this.epoll = epoll;
        this.thread = new Thread(this::run, name);
        thread.setDaemon(true);
    }

    /**
     * Starts the thread.
     *
     * @param name of the thread
     * @return the loop, which the caller owns
     * @throws PosixException if the process may open no more descriptors (EMFILE)
     */
    public static EventLoop start(String name) throws PosixException {
        EventLoop loop = new EventLoop(Epoll.create(), name);
        loop.thread.start();
        return loop;
    }

    /**
     * Watches a descriptor.
     *
     * @param fd      to be unwatched before it is closed
     * @param events  the sum of the constants of {@link Epoll} that are wanted
     * @param watcher is told
     * @throws PosixException what {@link Epoll#add} says
     */
    public void watch(FileDescriptor fd, int events, Watcher watcher) throws PosixException {
        epoll.add(fd, events, watcher);
    }

    /**
     * Changes what a watched descriptor is watched for.
     *
     * @param fd     what is watched
     * @param events the sum of the constants of {@link Epoll} that are wanted now
     * @throws PosixException what {@link Epoll#modify} says
     */
    public void change(FileDescriptor fd, int events) throws PosixException {
        epoll.modify(fd, events);
    }

    /**
     * Stops watching, if it is watched; a watcher that runs now may still be in the middle.
     *
     * @param fd what may be watched
     */
    public void unwatch(FileDescriptor fd) {
        try {
            epoll.remove(fd);
        } catch (PosixException e) {
            LOG.warn("{} could not be unwatched", fd, e);
        }
    }

    /**
     * Runs a task on the loop's thread, after those given before. After {@link #close()}, does nothing.
     *
     * @param task must not block
     */
    public void execute(Runnable task) {
        tasks.add(task);
        epoll.wakeup();
    }

    private void run() {
        Epoll.Handler handler = (watcher, ready) -> guarded(() -> ((Watcher) watcher).ready(ready));
        while (!closed) {
            try {
                epoll.wait(-1, handler);
                runTasks();
            } catch (PosixException e) {
                LOG.error("{}: nothing can be watched any more", thread.getName(), e);
                return;
            } catch (InternalError e) {
                logLost(e);
            }
        }
    }

    private void runTasks() {
        Runnable task = tasks.poll();
        while (task != null && !closed) {
            guarded(task);
            task = tasks.poll();
        }
    }

    /** One device's trouble is not that of the others. */
    private void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            LOG.error("{}: a listener threw an exception", thread.getName(), e);
        } catch (InternalError e) {
            logLost(e);
        }
    }

    /**
     * An access of memory that was mapped and has been taken away. Compiled code goes on at first, and the JVM throws later,
     * in whatever the thread does then.
     */
    private void logLost(InternalError e) {
        LOG.error("{}: memory that was mapped is gone", thread.getName(), e);
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
            LOG.error("{} did not end within {} ms", thread.getName(), JOIN_MILLIS);
        }
        epoll.close();
    }
}
