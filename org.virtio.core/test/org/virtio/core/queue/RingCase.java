// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The features with which the contract is tested. */
record RingCase(boolean packed, boolean indirect, boolean inOrder, boolean eventIdx) {
    /** All sixteen. */
    static Stream<RingCase> all() {
        List<RingCase> cases = new ArrayList<>();
        for (int bits = 0; bits < 16; bits++) {
            cases.add(new RingCase((bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0));
        }
        return cases.stream();
    }

    /** With indirect tables for every request, or none. */
    RingFormat format() {
        return new RingFormat(packed, eventIdx, inOrder, indirect, 0);
    }

    @Override
    public String toString() {
        return (packed ? "packed" : "split") + (indirect ? " indirect" : "") + (inOrder ? " in order" : "")
            + (eventIdx ? " event_idx" : "");
    }
}
