// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does for one device what must not be done on a transport's thread, which may be the one that delivers the device's
 * answers, nor on a poller's: one thing after another. Each device has its own thread, so that one that does not answer
 * holds up no other; it is there only while there is something to do.
 */
final class DeviceEvents {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceEvents.class);
    private static final long IDLE_MILLIS = 1000;
    /** What is done waits at most for the device's answer, for which the transport has a limit of this order. */
    private static final long END_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final String name;
    private final ThreadPoolExecutor executor;
    private volatile Thread thread;

    DeviceEvents(String device) {
        this.name = "virtio-blk " + device + " events";
        this.executor = new ThreadPoolExecutor(1, 1, IDLE_MILLIS, TimeUnit.MILLISECONDS, new LinkedBlockingQueue<>(),
            this::newThread);
        executor.allowCoreThreadTimeOut(true);
    }

    /** Does it later, unless this is closed before. */
    void execute(Runnable task) {
        try {
            executor.execute(() -> run(task));
        } catch (RejectedExecutionException e) {
            LOG.debug("{} have ended", name, e);
        }
    }

    /** Drops what has not begun, and waits for what has, bounded; not if that is what calls. */
    void close() {
        executor.shutdown();
        executor.getQueue().clear();
        Thread last = thread;
        if (last != null && !Threads.awaitEnd(last, END_NANOS)) {
            LOG.warn("{} have not ended in time", name);
        }
    }

    private void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            LOG.warn("{}: one failed", name, e);
        }
    }

    private Thread newThread(Runnable worker) {
        Thread created = new Thread(worker, name);
        created.setDaemon(true);
        created.setContextClassLoader(DeviceEvents.class.getClassLoader());
        thread = created;
        return created;
    }
}
