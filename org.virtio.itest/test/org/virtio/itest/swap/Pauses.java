// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.swap;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** How long loads stood still around swaps: the longest time of each without a completion. Printed, never asserted. */
public final class Pauses {
    private final List<Long> nanos = new ArrayList<>();

    /** Notes the longest of each load since it was asked last. */
    public void note(List<SwapLoad> loads) {
        loads.forEach(load -> nanos.add(load.takeLongestGapNanos()));
    }

    /** Prints the median and so on. */
    public void print(String what) {
        System.out.println("pause at " + what + ", ms: " + this);
    }

    @Override
    public String toString() {
        Collections.sort(nanos);
        return String.format("p50 %.1f, p99 %.1f, max %.1f, of %d", millis(50), millis(99), millis(100), nanos.size());
    }

    private double millis(int percent) {
        return nanos.get(Math.min(nanos.size() - 1, nanos.size() * percent / 100)) / 1e6;
    }
}
