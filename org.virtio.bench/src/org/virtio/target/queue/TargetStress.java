// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** The driver of the core against the device of the embedded target: no wake-up is lost either way. */
public class TargetStress {
    private TargetStress() {
    }

    /** The driver notifies, or the device sees the request. */
    @JCStressTest
    @State
    @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "lost wake-up: not notified, and not seen")
    @Outcome(expect = ACCEPTABLE, desc = "notified, or seen, or both")
    public static class SplitAvailable {
        private final SharedRing ring = new SharedRing(false);

        /** Publishes. */
        @Actor
        public void driver(II_Result result) {
            result.r1 = ring.publish();
        }

        /** Goes to sleep, if that is safe. */
        @Actor
        public void device(II_Result result) {
            result.r2 = ring.askAndLook();
        }
    }

    /** The device notifies, or the driver does not sleep. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "lost wake-up: the driver sleeps, and the device does not notify")
    @Outcome(expect = ACCEPTABLE, desc = "notified, or seen, or both")
    public static class SplitUsed {
        private final SharedRing ring = new SharedRing(false);

        /** A request in flight. */
        public SplitUsed() {
            ring.publish();
        }

        /** Goes to sleep, if that is safe. */
        @Actor
        public void driver(II_Result result) {
            result.r1 = ring.sleepIfSafe();
        }

        /** Uses the request. */
        @Actor
        public void device(II_Result result) {
            result.r2 = ring.use();
        }
    }

    /** The driver notifies, or the device sees the request. */
    @JCStressTest
    @State
    @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "lost wake-up: not notified, and not seen")
    @Outcome(expect = ACCEPTABLE, desc = "notified, or seen, or both")
    public static class PackedAvailable {
        private final SharedRing ring = new SharedRing(true);

        /** Publishes. */
        @Actor
        public void driver(II_Result result) {
            result.r1 = ring.publish();
        }

        /** Goes to sleep, if that is safe. */
        @Actor
        public void device(II_Result result) {
            result.r2 = ring.askAndLook();
        }
    }

    /** The device notifies, or the driver does not sleep. */
    @JCStressTest
    @State
    @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "lost wake-up: the driver sleeps, and the device does not notify")
    @Outcome(expect = ACCEPTABLE, desc = "notified, or seen, or both")
    public static class PackedUsed {
        private final SharedRing ring = new SharedRing(true);

        /** A request in flight. */
        public PackedUsed() {
            ring.publish();
        }

        /** Goes to sleep, if that is safe. */
        @Actor
        public void driver(II_Result result) {
            result.r1 = ring.sleepIfSafe();
        }

        /** Uses the request. */
        @Actor
        public void device(II_Result result) {
            result.r2 = ring.use();
        }
    }
}
