// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressMeta;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** The driver notifies, or the device sees the request: one of the two. */
@Outcome(id = "0, 0", expect = FORBIDDEN, desc = "lost wake-up: not notified, and not seen")
@Outcome(expect = ACCEPTABLE, desc = "notified, or seen, or both")
public class AvailableNotificationStress {
    private AvailableNotificationStress() {
    }

    /** A split ring, with NO_NOTIFY and NO_INTERRUPT. */
    @JCStressTest
    @JCStressMeta(AvailableNotificationStress.class)
    @State
    public static class SplitByFlag {
        private final Ends ends = Ends.idle(false, false);

        /** Publishes. */
        @Actor
        public void driver(II_Result result) {
            result.r1 = ends.publishOne();
        }

        /** Goes to sleep, if that is safe. */
        @Actor
        public void device(II_Result result) {
            result.r2 = ends.askAndLook();
        }
    }

    /** A split ring, with avail_event and used_event. */
    @JCStressTest
    @JCStressMeta(AvailableNotificationStress.class)
    @State
    public static class SplitByEvent {
        private final Ends ends = Ends.idle(false, true);

        /** Publishes. */
        @Actor
        public void driver(II_Result result) {
            result.r1 = ends.publishOne();
        }

        /** Goes to sleep, if that is safe. */
        @Actor
        public void device(II_Result result) {
            result.r2 = ends.askAndLook();
        }
    }

    /** A packed ring, with the flags ENABLE and DISABLE. */
    @JCStressTest
    @JCStressMeta(AvailableNotificationStress.class)
    @State
    public static class PackedByFlag {
        private final Ends ends = Ends.idle(true, false);

        /** Publishes. */
        @Actor
        public void driver(II_Result result) {
            result.r1 = ends.publishOne();
        }

        /** Goes to sleep, if that is safe. */
        @Actor
        public void device(II_Result result) {
            result.r2 = ends.askAndLook();
        }
    }

    /** A packed ring, with the place of a descriptor. */
    @JCStressTest
    @JCStressMeta(AvailableNotificationStress.class)
    @State
    public static class PackedByEvent {
        private final Ends ends = Ends.idle(true, true);

        /** Publishes. */
        @Actor
        public void driver(II_Result result) {
            result.r1 = ends.publishOne();
        }

        /** Goes to sleep, if that is safe. */
        @Actor
        public void device(II_Result result) {
            result.r2 = ends.askAndLook();
        }
    }
}
