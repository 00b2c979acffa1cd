// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressMeta;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * What {@link AvailableNotificationStress} would be with release and acquire instead of the full fences: the reason why they
 * are there. Several well-known drivers have this bug.
 */
@Outcome(id = "0, 0", expect = ACCEPTABLE_INTERESTING, desc = "lost wake-up: not notified, and not seen")
@Outcome(expect = ACCEPTABLE, desc = "notified, or seen, or both")
public class MissingFenceStress {
    private MissingFenceStress() {
    }

    /** A split ring. */
    @JCStressTest
    @JCStressMeta(MissingFenceStress.class)
    @State
    public static class Split {
        private final Ends ends = Ends.idle(false, false);

        /** Publishes, and looks at the wish at once. */
        @Actor
        public void driver(II_Result result) {
            result.r1 = ends.publishWithoutFence() ? 1 : 0;
        }

        /** Stores its wish, and looks for requests at once. */
        @Actor
        public void device(II_Result result) {
            result.r2 = ends.askWithoutFence() ? 1 : 0;
        }
    }

    /** A packed ring. */
    @JCStressTest
    @JCStressMeta(MissingFenceStress.class)
    @State
    public static class Packed {
        private final Ends ends = Ends.idle(true, false);

        /** Publishes, and looks at the wish at once. */
        @Actor
        public void driver(II_Result result) {
            result.r1 = ends.publishWithoutFence() ? 1 : 0;
        }

        /** Stores its wish, and looks for requests at once. */
        @Actor
        public void device(II_Result result) {
            result.r2 = ends.askWithoutFence() ? 1 : 0;
        }
    }
}
