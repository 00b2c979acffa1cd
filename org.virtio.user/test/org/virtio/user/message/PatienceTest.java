// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PatienceTest {
    /** All that is given out until the last look, if each wait takes as long as it was given, and that pause on top. */
    private static long total(Patience patience, long pause) {
        long total = 0;
        for (long next = patience.next(); next != 0; next = patience.next()) {
            assertThat(next).isPositive();
            total += next;
            patience.charge(next + pause);
        }
        assertThat(patience.next()).isZero();
        return total;
    }

    @Test
    void givesOutTheWholeTimeWhateverWentBy() {
        for (long timeout : new long[] {1, 9, 10, 11, 1_000_000, 5_000_000_000L}) {
            assertThat(total(new Patience(timeout), 0)).isEqualTo(timeout);
            assertThat(total(new Patience(timeout), 1L << 60)).isEqualTo(timeout);
        }
    }

    @Test
    void aPauseCostsATenth() {
        Patience patience = new Patience(1000);
        assertThat(patience.next()).isEqualTo(101);
        patience.charge(1_000_000_000_000L);
        assertThat(total(patience, 0)).isEqualTo(1000 - 101);
    }

    @Test
    void aShortWaitCostsWhatItTook() {
        Patience patience = new Patience(1000);
        patience.charge(3);
        patience.charge(4);
        assertThat(total(patience, 0)).isEqualTo(993);
    }

    @Test
    void noTimeIsOneLookAndNoLimitIsNone() {
        assertThat(new Patience(0).next()).isZero();
        Patience endless = new Patience(-1);
        endless.charge(1_000_000_000_000L);
        assertThat(endless.next()).isEqualTo(-1);
    }
}
