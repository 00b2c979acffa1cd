// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

import java.io.IOException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.virtio.posix.Epoll;
import org.virtio.posix.EventFd;

/**
 * Runs one queue. While requests come, the thread looks for more and needs no notification; when none came for a while it
 * asks for one and sleeps. How long that while is adapts: looking that found nothing is halved the next time, and a sleep
 * that was too short to be worth it restores the full time.
 */
public final class QueueThread {
    private static final long STOP_MILLIS = 5_000;
    /** How often a queue is looked at whose driver gave no eventfd, once it is idle. */
    private static final long POLL_NANOS = 50_000;
    private static final int MIN_SPIN_SHIFT = 4;
    private static final int SHORT_SLEEP_SHIFT = 2;

    private final DeviceQueue queue;
    private final EventFd kick;
    private final long maxSpinNanos;
    private final Consumer<Throwable> broken;
    private final Epoll epoll;
    private final Thread thread;
    private boolean hungUp;
    private volatile boolean stopping;

    private QueueThread(String name, DeviceQueue queue, EventFd kick, long maxSpinNanos, Consumer<Throwable> broken,
                        Epoll epoll) {
        this.queue = queue;
        this.kick = kick;
        this.maxSpinNanos = maxSpinNanos;
        this.broken = broken;
        this.epoll = epoll;
        this.thread = new Thread(this::run, name);
        this.thread.setDaemon(true);
    }

    /**
     * Starts to run a queue.
     *
     * @param kick         by which the driver notifies; null if the queue is to be polled; stays the caller's
     * @param maxSpinNanos the longest time to look for requests before sleeping, 0 or more
     * @param broken       is told, by the queue's thread as its last act, why the queue cannot go on
     * @throws IOException if the eventfd cannot be waited for
     */
    public static QueueThread start(String name, DeviceQueue queue, EventFd kick, long maxSpinNanos,
                                    Consumer<Throwable> broken) throws IOException {
        Epoll epoll = Epoll.create();
        try {
            if (kick != null) {
                epoll.add(kick.fd(), Epoll.IN, kick);
            }
            QueueThread result = new QueueThread(name, queue, kick, maxSpinNanos, broken, epoll);
            result.thread.start();
            return result;
        } catch (IOException | RuntimeException | Error e) {
            epoll.close();
            throw e;
        }
    }

    /**
     * Ends the thread, between two requests. To be called also for a queue that is broken; not twice.
     *
     * @return whether it has ended; if not, a request is stuck, after 5 seconds
     */
    public boolean stop() {
        stopping = true;
        epoll.wakeup();
        LockSupport.unpark(thread);
        try {
            thread.join(STOP_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        // Here and not by the thread, which an InternalError that comes late could keep from it.
        epoll.close();
        return !thread.isAlive();
    }

    private void run() {
        try {
            serve();
        } catch (QueueException | IOException | RuntimeException | Error e) {
            // InternalError among them: memory that the driver has cut away. The JVM raises it some time after the access,
            // which until then has read anything, and every index that was read is checked whatever it is.
            broken.accept(e);
        }
    }

    private void serve() throws QueueException, IOException {
        queue.begin();
        long spinNanos = maxSpinNanos;
        while (!stopping || queue.hasLost()) {
            if (queue.poll() > 0) {
                continue;
            }
            long idleSince = System.nanoTime();
            if (spin(idleSince, spinNanos)) {
                spinNanos = maxSpinNanos;
                continue;
            }
            sleep();
            boolean tooShort = System.nanoTime() - idleSince < maxSpinNanos << SHORT_SLEEP_SHIFT;
            spinNanos = tooShort ? maxSpinNanos : Math.max(spinNanos >> 1, maxSpinNanos >> MIN_SPIN_SHIFT);
        }
    }

    private boolean spin(long since, long nanos) throws QueueException {
        while (System.nanoTime() - since < nanos && !stopping) {
            if (queue.hasAvailable()) {
                return true;
            }
            Thread.onSpinWait();
        }
        return false;
    }

    private void sleep() throws QueueException, IOException {
        if (kick == null) {
            LockSupport.parkNanos(POLL_NANOS);
            return;
        }
        if (queue.requestNotification() && !stopping) {
            epoll.wait(-1, this::drain);
            if (hungUp) {
                throw new QueueException("the eventfd by which the driver notifies has hung up");
            }
        }
        queue.suppressNotifications();
    }

    private void drain(Object token, int events) {
        hungUp = !((EventFd) token).drain() && (events & Epoll.IN) == 0;
    }
}
