// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
class TimerFdTest {
    @Test
    void expiresAgainAndAgain() throws PosixException {
        try (TimerFd timer = TimerFd.periodic(TimeUnit.MILLISECONDS.toNanos(1)); Epoll epoll = Epoll.create()) {
            epoll.add(timer.fd(), Epoll.IN, timer);
            for (int i = 0; i < 3; i++) {
                assertThat(epoll.wait(TimeUnit.SECONDS.toNanos(10), (token, events) -> { })).isEqualTo(1);
                assertThat(timer.drain()).isPositive();
            }
        }
    }

    @Test
    void isQuietBeforeItsTimeAndWhenClosed() throws PosixException {
        TimerFd timer = TimerFd.periodic(TimeUnit.HOURS.toNanos(1));
        assertThat(timer.drain()).isZero();
        timer.close();
        assertThat(timer.drain()).isZero();
    }

    @Test
    void aPeriodIsPositive() {
        assertThatIllegalArgumentException().isThrownBy(() -> TimerFd.periodic(0)).withMessageContaining("0");
    }
}
