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

/** A device that sees that something is available sees all that was made available with it. */
@Outcome(id = "-1", expect = ACCEPTABLE, desc = "not yet available")
@Outcome(id = Ends.BOTH + "", expect = ACCEPTABLE, desc = "both requests, whole")
@Outcome(id = ".*", expect = FORBIDDEN, desc = "available before it was written")
public class PublicationStress {
    private PublicationStress() {
    }

    /** The index is stored last. */
    @JCStressTest
    @JCStressMeta(PublicationStress.class)
    @State
    public static class Split {
        private final Ends ends = Ends.idle(false, false);

        /** Publishes. */
        @Actor
        public void driver() {
            ends.publishBoth();
        }

        /** Looks. */
        @Actor
        public void device(I_Result result) {
            result.r1 = ends.isAvailable() ? ends.lengths() : -1;
        }
    }

    /** The first descriptor's flags are held back. */
    @JCStressTest
    @JCStressMeta(PublicationStress.class)
    @State
    public static class Packed {
        private final Ends ends = Ends.idle(true, false);

        /** Publishes. */
        @Actor
        public void driver() {
            ends.publishBoth();
        }

        /** Looks. */
        @Actor
        public void device(I_Result result) {
            result.r1 = ends.isAvailable() ? ends.lengths() : -1;
        }
    }
}
