// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.queue.QueueResult;
import org.virtio.queue.Virtqueue;

/**
 * The driver's own owner of a virtqueue: a thread that enters what others submit and completes it. With nothing to do it
 * spins for the configured time, which may be without end, then sleeps on the queue's notification.
 *
 * <p>Submissions wait in a queue without a bound: the caller was promised a future and must be neither blocked nor refused,
 * and what it submits was allocated by it in any case; of a device that is suspended, {@link Backlog} takes no more than so many.
 */
final class Poller extends Thread {
    private static final Logger LOG = LoggerFactory.getLogger(Poller.class);
    private static final int POLL_BATCH = 256;
    /** Anything that ends a sleep wakes the thread; this only keeps the time within what every system call takes. */
    private static final long MAX_SLEEP_NANOS = TimeUnit.HOURS.toNanos(1);

    /** A shorter pause is one between two requests, of which the next would have to allocate again. */
    private static final long TRIM_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final QueueSet queues;
    private final int index;
    private final DeviceSettings settings;
    private final BouncePool bounce;
    private final Queue<Submission> submissions = new ConcurrentLinkedQueue<>();
    /** Submissions that have not been entered to their end. */
    private final Deque<Submission> waiting = new ArrayDeque<>();
    private final AtomicBoolean sleeping = new AtomicBoolean();
    private volatile boolean handOver;
    private volatile long abortDeadline;
    private volatile String abortReason;
    private volatile boolean terminated;
    private Virtqueue queue;
    private RequestEngine engine;
    private long lastWork;

    Poller(QueueSet queues, int index, DeviceSettings settings) {
        super("virtio-blk " + queues.device().name() + " queue " + index);
        this.queues = queues;
        this.index = index;
        this.settings = settings;
        this.bounce = new BouncePool(queues.device().memory());
        setDaemon(true);
        // Not the loader of whoever submits first, which this thread would keep from being unloaded.
        setContextClassLoader(Poller.class.getClassLoader());
    }

    int index() {
        return index;
    }

    /** Takes a submission to enter and complete, or returns it to the queue set if the thread has ended. Any thread. */
    void submit(Submission submission) {
        submissions.offer(submission);
        wake();
        // Pairs with the fence in run(): either this sees the end, or the thread's last look sees the submission.
        if (terminated) {
            queues.resubmit(this);
        }
    }

    /** Has the thread finish what it has and end. Any thread. */
    void handOver() {
        handOver = true;
        wake();
    }

    /** Has the thread go on after all, if it has not ended yet. Any thread. */
    void keep() {
        handOver = false;
    }

    /** Has the thread fail what it has not entered, and what is in flight at the deadline too, and end. Any thread. */
    void abort(String reason, long deadlineNanoTime) {
        abortDeadline = deadlineNanoTime;
        abortReason = reason;
        wake();
    }

    /** As {@link Threads#awaitEnd}. Any thread. */
    boolean awaitEnd(long nanos) {
        return Threads.awaitEnd(this, nanos);
    }

    /** The next submission of a thread that has ended, or null. For one thread at a time. */
    Submission pollLeftOver() {
        return submissions.poll();
    }

    /** Why requests fail with the device gone. For this thread. */
    String failure() {
        String broken = queue == null ? null : queue.brokenReason();
        return broken == null ? queues.failure() : broken;
    }

    /** For this thread. */
    RequestEngine engine() {
        return engine;
    }

    /** For this thread. */
    BouncePool bounce() {
        return bounce;
    }

    @Override
    public void run() {
        String broken = null;
        lastWork = System.nanoTime();
        try {
            queue = queues.device().acquireQueue(index);
            engine = queues.newEngine(queue);
            // Taking the queue over may have been its end.
            broken = queues.brokenReason(index);
            if (broken == null) {
                work();
                broken = queue.brokenReason();
            }
        } catch (RuntimeException | Error e) {
            LOG.error("{} ends", getName(), e);
            broken = "its poller failed: " + e;
            giveUp(broken);
        }
        failWaiting(broken == null ? abortReason : broken);
        bounce.trim();
        queues.release(queue);
        queues.ended(this, broken);
        // We store "terminated", then look for submissions; a submitter stores its submission, then looks at "terminated".
        terminated = true;
        VarHandle.fullFence();
        queues.resubmit(this);
    }

    /**
     * The submitter (or who ends us) stores its submission, then looks at "sleeping"; we store "sleeping", then look for
     * submissions. With a full fence between the two on both sides, one of us sees the other: no wake-up is lost. One that
     * comes between our look and the wait ends the wait, as {@link Virtqueue#wakeup} promises.
     */
    private void wake() {
        VarHandle.fullFence();
        if (sleeping.get() && sleeping.compareAndSet(true, false)) {
            queue.wakeup();
        }
    }

    private void sleep() {
        sleeping.set(true);
        VarHandle.fullFence();
        boolean ending = handOver || abortReason != null;
        if (submissions.isEmpty() && !(ending && engine.inFlight() == 0) && queue.enableNotifications()) {
            boolean arrived = queue.await(sleepNanos());
            queue.disableNotifications();
            if (!arrived) {
                bounce.trim();
            }
        }
        sleeping.set(false);
        lastWork = System.nanoTime();
    }

    private long sleepNanos() {
        if (abortReason != null) {
            return Math.max(0, abortDeadline - System.nanoTime());
        }
        return bounce.isEmpty() ? MAX_SLEEP_NANOS : TRIM_NANOS;
    }

    private void work() {
        while (!isFinished()) {
            turn();
        }
    }

    private void turn() {
        boolean entered = enterWaiting();
        if (entered) {
            engine.submit();
        }
        int completed = engine.poll(POLL_BATCH);
        long now = System.nanoTime();
        if (entered || completed > 0) {
            lastWork = now;
        } else if (now - lastWork < settings.spinNanos()) {
            Thread.onSpinWait();
            if (now - lastWork > TRIM_NANOS) {
                bounce.trim();
            }
        } else {
            sleep();
        }
    }

    private void takeSubmissions() {
        for (Submission next = submissions.poll(); next != null; next = submissions.poll()) {
            waiting.add(next);
        }
    }

    private boolean enterWaiting() {
        takeSubmissions();
        boolean any = false;
        for (Submission next = waiting.peek(); next != null; next = waiting.peek()) {
            int entered = enter(next);
            if (entered < QueueResult.OK) {
                break;
            }
            any = true;
            waiting.remove();
            if (entered == Submission.MORE) {
                // To the end, so that small requests need not wait until a large one has been entered.
                waiting.add(next);
            }
        }
        return any;
    }

    private int enter(Submission submission) {
        try {
            return submission.enter(this);
        } catch (RuntimeException e) {
            submission.refuse(e.toString());
            return QueueResult.OK;
        }
    }

    private boolean isFinished() {
        if (engine.isGone()) {
            return true;
        }
        String reason = abortReason;
        if (reason == null) {
            return handOver && waiting.isEmpty() && submissions.isEmpty() && engine.inFlight() == 0;
        }
        takeSubmissions();
        failWaiting(reason);
        if (engine.inFlight() > 0 && System.nanoTime() - abortDeadline >= 0) {
            queue.breakQueue(reason);
        }
        return engine.inFlight() == 0;
    }

    private void failWaiting(String reason) {
        for (Submission next = waiting.poll(); next != null; next = waiting.poll()) {
            next.refuseGone(reason);
        }
    }

    private void giveUp(String reason) {
        if (engine != null) {
            engine.breakOff(reason, e -> LOG.error("{} could not fail a request as it should", getName(), e));
        }
    }
}
