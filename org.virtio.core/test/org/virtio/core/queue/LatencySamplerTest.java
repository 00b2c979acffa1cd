// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.virtio.queue.QueueDTO;

/** Which requests are timed. */
class LatencySamplerTest {
    private final LatencySampler sampler = new LatencySampler();
    private long now = 1;

    private LatencySamplerTest() {
        sampler.clock = () -> now++;
    }

    private long samples() {
        QueueDTO dto = new QueueDTO();
        sampler.dump(dto);
        return dto.latencySamples;
    }

    /** How many samples there are of so many requests, with so many polls after each. */
    private long samples(int requests, int polls) {
        long before = samples();
        for (int i = 0; i < requests; i++) {
            sampler.used(sampler.entered());
            for (int j = 0; j < polls; j++) {
                sampler.polled();
            }
        }
        return samples() - before;
    }

    private long samplesOfASleeper(int requests) {
        long before = samples();
        for (int i = 0; i < requests; i++) {
            sampler.used(sampler.entered());
            sampler.slept();
            sampler.polled();
        }
        return samples() - before;
    }

    @Test
    void whereThereIsTimeEachIsTimed() {
        assertThat(samples(500, 2_000)).isEqualTo(500);
        assertThat(samplesOfASleeper(500)).isEqualTo(500);
    }

    @Test
    void whereThereIsNoneSomeAreAndPolledForOften() {
        assertThat(samples(1_000_000, 1)).isBetween(800L, 2_000L);
        assertThat(samples(1_000_000, 20)).isBetween(15_000L, 25_000L);
    }

    @Test
    void noPlaceInABatchIsPreferred() {
        int[] places = new int[32];
        for (int i = 0; i < 200_000; i++) {
            for (int place = 0; place < places.length; place++) {
                places[place] += sampler.entered() == 0 ? 0 : 1;
            }
            sampler.polled();
        }
        int mean = 200_000 / 1024;
        assertThat(IntStream.of(places)).as("of %d each", mean).allMatch(count -> count > mean / 2 && count < 2 * mean);
    }

    @Test
    void aStallHasNoMoreSamplesThanItHasRequests() {
        samples(1_000_000, 1);
        assertThat(samples(100_000, 1)).isLessThan(200);
        samples(1, 500_000);
        assertThat(samples(1_000, 1)).as("of a thousand after a stall").isLessThan(8);
    }

    @Test
    void whenADeviceBecomesSlowThereAreSamplesSoon() {
        samples(1_000_000, 1);
        assertThat(samples(200, 100_000)).as("by the polls").isGreaterThan(100);
    }

    @Test
    void whenItsOwnerBeginsToSleepThereAreSamplesSoon() {
        samples(1_000_000, 1);
        assertThat(samplesOfASleeper(65)).isPositive();
        samplesOfASleeper(5_000);
        assertThat(samplesOfASleeper(100)).isEqualTo(100);
    }

    @Test
    void sleepWithoutEndIsNoMoreThanSilence() {
        for (int i = 0; i < 10_000_000; i++) {
            sampler.slept();
        }
        assertThat(samples(100, 2_000)).isEqualTo(100);
    }

    @Test
    void aClockThatStandsAtZeroIsAClock() {
        sampler.clock = () -> 0;
        assertThat(samples(1, 1)).isEqualTo(1);
    }
}
