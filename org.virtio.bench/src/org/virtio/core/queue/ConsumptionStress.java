// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressMeta;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** A driver that sees that a buffer was used sees its id and length, and what the device wrote. */
@Outcome(id = "-1", expect = ACCEPTABLE, desc = "not yet used")
@Outcome(id = "77", expect = ACCEPTABLE, desc = "used: the data, 70, and their length, 7")
@Outcome(id = ".*", expect = FORBIDDEN, desc = "used before it was written, or the queue broke")
public class ConsumptionStress {
    private ConsumptionStress() {
    }

    /** The index is read first. */
    @JCStressTest
    @JCStressMeta(ConsumptionStress.class)
    @State
    public static class Split {
        private final Ends ends = Ends.busy(false, false);

        /** Polls. */
        @Actor
        public void driver(I_Result result) {
            result.r1 = ends.poll();
        }

        /** Uses the request. */
        @Actor
        public void device() {
            ends.use();
        }
    }

    /** The descriptor is read as one. */
    @JCStressTest
    @JCStressMeta(ConsumptionStress.class)
    @State
    public static class Packed {
        private final Ends ends = Ends.busy(true, false);

        /** Polls. */
        @Actor
        public void driver(I_Result result) {
            result.r1 = ends.poll();
        }

        /** Uses the request. */
        @Actor
        public void device() {
            ends.use();
        }
    }
}
