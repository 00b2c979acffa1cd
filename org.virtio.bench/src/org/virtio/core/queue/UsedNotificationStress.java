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

/** The device notifies, or the driver sees the used buffer and does not sleep: one of the two. */
@Outcome(id = "1, 0", expect = FORBIDDEN, desc = "lost wake-up: the driver sleeps, and the device does not notify")
@Outcome(expect = ACCEPTABLE, desc = "notified, or seen, or both")
public class UsedNotificationStress {
    private UsedNotificationStress() {
    }

    /** A split ring, with NO_NOTIFY and NO_INTERRUPT. */
    @JCStressTest
    @JCStressMeta(UsedNotificationStress.class)
    @State
    public static class SplitByFlag {
        private final Ends ends = Ends.busy(false, false);

        /** Goes to sleep, if that is safe. */
        @Actor
        public void driver(II_Result result) {
            result.r1 = ends.sleepIfSafe();
        }

        /** Uses the request. */
        @Actor
        public void device(II_Result result) {
            result.r2 = ends.useAndLook();
        }
    }

    /** A split ring, with avail_event and used_event. */
    @JCStressTest
    @JCStressMeta(UsedNotificationStress.class)
    @State
    public static class SplitByEvent {
        private final Ends ends = Ends.busy(false, true);

        /** Goes to sleep, if that is safe. */
        @Actor
        public void driver(II_Result result) {
            result.r1 = ends.sleepIfSafe();
        }

        /** Uses the request. */
        @Actor
        public void device(II_Result result) {
            result.r2 = ends.useAndLook();
        }
    }

    /** A packed ring, with the flags ENABLE and DISABLE. */
    @JCStressTest
    @JCStressMeta(UsedNotificationStress.class)
    @State
    public static class PackedByFlag {
        private final Ends ends = Ends.busy(true, false);

        /** Goes to sleep, if that is safe. */
        @Actor
        public void driver(II_Result result) {
            result.r1 = ends.sleepIfSafe();
        }

        /** Uses the request. */
        @Actor
        public void device(II_Result result) {
            result.r2 = ends.useAndLook();
        }
    }

    /** A packed ring, with the place of a descriptor. */
    @JCStressTest
    @JCStressMeta(UsedNotificationStress.class)
    @State
    public static class PackedByEvent {
        private final Ends ends = Ends.busy(true, true);

        /** Goes to sleep, if that is safe. */
        @Actor
        public void driver(II_Result result) {
            result.r1 = ends.sleepIfSafe();
        }

        /** Uses the request. */
        @Actor
        public void device(II_Result result) {
            result.r2 = ends.useAndLook();
        }
    }
}
