// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SlicedTimeoutTest {
    /** All that is given out until the last look, if each wait takes as long as it was given, and that pause on top. */
    private static long total(SlicedTimeout timeout, long pause) {
        long total = 0;
        for (long next = timeout.next(); next != 0; next = timeout.next()) {
            assertThat(next).isPositive();
            total += next;
            timeout.charge(next + pause);
        }
        assertThat(timeout.next()).isZero();
        return total;
    }

    @Test
    void givesOutTheWholeTimeWhateverWentBy() {
        for (long timeout : new long[] {1, 9, 10, 11, 1_000_000, 5_000_000_000L}) {
            assertThat(total(new SlicedTimeout(timeout), 0)).isEqualTo(timeout);
            assertThat(total(new SlicedTimeout(timeout), 1L << 60)).isEqualTo(timeout);
        }
    }

    @Test
    void aPauseCostsATenth() {
        SlicedTimeout timeout = new SlicedTimeout(1000);
        assertThat(timeout.next()).isEqualTo(101);
        timeout.charge(1_000_000_000_000L);
        assertThat(total(timeout, 0)).isEqualTo(1000 - 101);
    }

    @Test
    void aShortWaitCostsWhatItTook() {
        SlicedTimeout timeout = new SlicedTimeout(1000);
        timeout.charge(3);
        timeout.charge(4);
        assertThat(total(timeout, 0)).isEqualTo(993);
    }

    @Test
    void noTimeIsOneLookAndNoLimitIsNone() {
        assertThat(new SlicedTimeout(0).next()).isZero();
        SlicedTimeout endless = new SlicedTimeout(-1);
        endless.charge(1_000_000_000_000L);
        assertThat(endless.next()).isEqualTo(-1);
    }
}
