// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicBoolean;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressMeta;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;
import org.virtio.core.memory.AddressMap;
import org.virtio.queue.UsedBufferHandler;
import org.virtio.transport.QueueNotifier;

/** Whoever has something for a queue's owner and wakes it is heard, also while the device goes and comes back. */
@Outcome(id = "1", expect = ACCEPTABLE, desc = "the owner finds what there is")
@Outcome(id = "0", expect = FORBIDDEN, desc = "lost wake-up: the owner would sleep on")
public class SuspensionStress {
    private SuspensionStress() {
    }

    /** Remembers a wake-up until it is closed, and then does nothing, as every notifier of a transport does. */
    private static final class Notifier implements QueueNotifier {
        private final AtomicBoolean woken = new AtomicBoolean();
        private volatile boolean closed;

        @Override
        public void notifyDevice(int data) {
            // There is no device.
        }

        @Override
        public boolean await(long timeoutNanos) {
            return !closed && woken.getAndSet(false);
        }

        @Override
        public void wakeup() {
            if (!closed) {
                woken.set(true);
            }
        }
    }

    /** A queue, its owner's work, and what comes of them. */
    abstract static class Queue {
        final Ring ring = RingArena.queue(RingArena.HERE.buffer(), false, false);
        final Notifier before = new Notifier();
        private final UsedBufferHandler nobody = (token, written) -> {
            throw new AssertionError("nothing was entered");
        };
        private volatile boolean work;
        private boolean found;

        Queue() {
            ring.notifier(before);
        }

        final void bringWork() {
            work = true;
            ring.wakeup();
        }

        /** Sleeps no longer than a moment, as one that looks again when it is woken. */
        final void lookAndSleep() {
            ring.owner(Thread.currentThread());
            do {
                found |= work;
                ring.poll(nobody, 1);
            } while (!found && ring.await(0));
        }

        final void suspend() {
            ring.suspend();
            before.closed = true;
        }

        final void resume() {
            ring.resume(new RingSession(RingArena.HERE.buffer(), new Notifier(), new AddressMap(), session -> { }));
        }

        /** Looks only if the owner would not sleep. */
        final int foundInTheEnd() {
            ring.owner(Thread.currentThread());
            if (!found && ring.await(0)) {
                lookAndSleep();
            }
            return found ? 1 : 0;
        }
    }

    /** The device goes, while its owner does something else. */
    @JCStressTest
    @JCStressMeta(SuspensionStress.class)
    @State
    public static class Going extends Queue {
        /** Has something for the owner. */
        @Actor
        public void other() {
            bringWork();
        }

        /** The registry. */
        @Actor
        public void registry() {
            suspend();
        }

        /** The owner. */
        @Arbiter
        public void owner(I_Result result) {
            result.r1 = foundInTheEnd();
        }
    }

    /** The device is back, and its owner goes on. */
    @JCStressTest
    @JCStressMeta(SuspensionStress.class)
    @State
    public static class GoingOn extends Queue {
        /** Was away. */
        public GoingOn() {
            suspend();
            resume();
        }

        /** Has something for the owner. */
        @Actor
        public void other() {
            bringWork();
        }

        /** The owner. */
        @Actor
        public void owner() {
            lookAndSleep();
        }

        /** The owner, if it is woken. */
        @Arbiter
        public void end(I_Result result) {
            result.r1 = foundInTheEnd();
        }
    }

    /** The owner sleeps without a device, or is about to. */
    @JCStressTest
    @JCStressMeta(SuspensionStress.class)
    @State
    public static class Away extends Queue {
        /** Is away. */
        public Away() {
            suspend();
        }

        /** Has something for the owner. */
        @Actor
        public void other() {
            bringWork();
        }

        /** The owner. */
        @Actor
        public void owner() {
            lookAndSleep();
        }

        /** The owner, if it is woken. */
        @Arbiter
        public void end(I_Result result) {
            result.r1 = foundInTheEnd();
        }
    }
}
