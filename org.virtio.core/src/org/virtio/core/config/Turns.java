// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.config;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is to be done for configurations: for each one thing after the other, in the order in which it was entered, and not on the
 * thread that tells of them. That is Configuration Admin's, and every other bundle waits for it. It outlives what it works for,
 * since to let go of a device takes as long as to open one. Thread-safe.
 */
@Component(service = Turns.class, immediate = true)
public final class Turns {
    /** How long to wait for what is under way: twice the usual time limits of core and transport. */
    static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final Logger LOG = LoggerFactory.getLogger(Turns.class);
    /** Many devices may have to move at once, when a host is to be emptied, and each takes its time. */
    private static final int THREADS = 4;
    private static final Duration PAUSE = Duration.ofSeconds(2);

    private final ScheduledThreadPoolExecutor pool =
        new ScheduledThreadPoolExecutor(THREADS, task -> new Thread(task, "virtio-config"));
    private final Map<String, CompletableFuture<?>> last = new ConcurrentHashMap<>();
    private final Duration pause;

    /** With nothing to do. */
    @Activate
    public Turns() {
        this(PAUSE);
    }

    Turns(Duration pause) {
        this.pause = pause;
        pool.setKeepAliveTime(1, TimeUnit.SECONDS);
        pool.allowCoreThreadTimeOut(true);
        pool.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /** Does something here and now, unless there is something to be done before. For what does not take long. */
    void take(String pid, Runnable task) {
        if (last.containsKey(pid)) {
            enter(pid, task);
        } else {
            task.run();
        }
    }

    /**
     * Enters something to be done.
     *
     * @return done when that is
     */
    CompletableFuture<?> enter(String pid, Runnable task) {
        CompletableFuture<?> entered = last.compute(pid, (key, before) ->
            (before == null ? CompletableFuture.completedFuture(null) : before).handleAsync((done, failure) -> {
                task.run();
                return null;
            }, pool));
        entered.whenComplete((done, failure) -> last.remove(pid, entered));
        return entered;
    }

    /** Enters something to be done after a while. */
    void enterLater(String pid, Runnable task) {
        pool.schedule(() -> enter(pid, task), pause.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Deactivate
    void deactivate() {
        pool.shutdown();
        try {
            if (!pool.awaitTermination(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warn("A device is still being moved or closed as its configuration said");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
