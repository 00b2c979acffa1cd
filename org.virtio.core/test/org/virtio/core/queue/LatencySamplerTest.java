// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.virtio.queue.QueueDTO;

/** Which requests are timed. Each takes a nanosecond. */
class LatencySamplerTest {
    private final LatencySampler sampler = new LatencySampler();
    private long now;

    private LatencySamplerTest() {
        sampler.clock = () -> now++;
    }

    private long samples() {
        QueueDTO dto = new QueueDTO();
        sampler.dump(dto);
        return dto.latencySamples;
    }

    private void request() {
        sampler.used(sampler.entered());
    }

    private void requests(int count) {
        for (int i = 0; i < count; i++) {
            request();
        }
    }

    @Test
    void aWholeBatchIsTimedOrNothingOfIt() {
        requests(32);
        assertThat(samples()).isEqualTo(32);
        for (int round = 0; round < 10; round++) {
            sampler.polled();
            requests(32);
        }
        assertThat(samples()).as("with one poll for each batch").isEqualTo(32);
    }

    @Test
    void whatIsTimedIsPaidForByPolls() {
        int polls = 1_000_000;
        for (int i = 0; i < polls; i++) {
            requests(4);
            sampler.polled();
        }
        assertThat(samples()).isBetween(polls / 2048L, polls / 1000L);
    }

    @Test
    void theFirstRequestAfterALongSilenceIsTimedHoweverOftenTheOwnerPolledMeanwhile() {
        request();
        for (long polls : new long[] {2_000, 2_001, 100_003}) {
            long before = samples();
            for (long i = 0; i < polls; i++) {
                sampler.polled();
            }
            request();
            assertThat(samples()).isEqualTo(before + 1);
        }
    }

    @Test
    void ofAnOwnerThatSleepsEverySecondRequestIsTimedAtLeast() {
        for (int i = 0; i < 1000; i++) {
            request();
            sampler.slept();
            sampler.polled();
        }
        assertThat(samples()).isGreaterThanOrEqualTo(500);
    }

    @Test
    void sleepDoesNotAddUp() {
        request();
        sampler.polled();
        for (int i = 0; i < 10_000_000; i++) {
            sampler.slept();
        }
        for (int i = 0; i < 10; i++) {
            sampler.polled();
            request();
        }
        assertThat(samples()).isEqualTo(2);
    }

    @Test
    void aClockThatStandsAtZeroIsAClock() {
        sampler.clock = () -> 0;
        request();
        assertThat(samples()).isEqualTo(1);
    }
}
