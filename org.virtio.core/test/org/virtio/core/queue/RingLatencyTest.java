// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.virtio.core.memory.AddressMap;
import org.virtio.core.queue.RingDevice.Chain;

/** From when to when a request is timed, by a clock that stands still. */
class RingLatencyTest {
    private static final int SIZE = 16;

    private long now = 1;

    private QueueFixture fixture(RingCase features) {
        QueueFixture f = new QueueFixture(features.format(), SIZE);
        f.queue.latency.clock = () -> now;
        return f;
    }

    /** The latencies that were measured, which are small enough to be exact. */
    private static List<Long> latencies(QueueFixture f) {
        List<Long> all = new ArrayList<>();
        long[] counts = f.queue.dump().latencyCounts;
        for (int i = 0; i < counts.length; i++) {
            for (long j = 0; j < counts[i]; j++) {
                all.add(f.queue.dump().latencyBounds[i]);
            }
        }
        return all;
    }

    /** A request is entered when the next is begun, or at the latest when it is published. */
    private void enter(QueueFixture f, Object token) {
        assertThat(f.request(token, 1, -8)).isZero();
        f.queue.flush();
    }

    private static void suspendAndResume(QueueFixture f) {
        f.queue.suspend();
        f.poll();
        f.queue.resume(new RingSession(new TestBuffer(0x7100_0000_0000L, f.queue.format.bytes(SIZE)), f, new AddressMap(),
            session -> f.ring = (TestBuffer) session.memory()));
        f.poll();
        f.device = RingDevice.of(f.queue, f.ring);
    }

    @ParameterizedTest
    @MethodSource("org.virtio.core.queue.RingCase#all")
    void eachHasItsOwnTimeFromWhenItIsEnteredUntilItIsHandedBack(RingCase features) {
        QueueFixture f = fixture(features);
        enter(f, 0);
        now += 10;
        enter(f, 1);
        now += 5;
        f.useAll();
        now += 1;
        assertThat(latencies(f)).as("used, not handed back").isEmpty();
        f.poll();
        assertThat(latencies(f)).containsExactly(6L, 16L);
        assertThat(f.queue.dump().latencyP50Nanos).isEqualTo(6);
        assertThat(f.queue.dump().latencyP99Nanos).isEqualTo(16);
        assertThat(f.queue.dump().latencyMaxNanos).isEqualTo(16);
    }

    /** A slot that is used again must not have the time of the one before. */
    @ParameterizedTest
    @MethodSource("org.virtio.core.queue.RingCase#all")
    void whatIsNotTimedIsNotCounted(RingCase features) {
        QueueFixture f = fixture(features);
        for (int i = 0; i < 3 * SIZE; i++) {
            f.roundTrip();
        }
        assertThat(latencies(f)).containsExactly(0L);
    }

    @ParameterizedTest
    @MethodSource("org.virtio.core.queue.RingCase#all")
    void aSuspensionIsPartOfTheWait(RingCase features) {
        QueueFixture f = fixture(features);
        enter(f, 0);
        now += 3;
        enter(f, 1);
        List<Chain> taken = f.device.take();
        f.device.use(taken.get(0), 8);
        f.poll();
        now += 20;
        suspendAndResume(f);
        now += 20;
        suspendAndResume(f);
        now += 1;
        f.useAll();
        f.poll();
        assertThat(latencies(f)).containsExactly(3L, 41L);
    }

    @ParameterizedTest
    @MethodSource("org.virtio.core.queue.RingCase#all")
    void aRequestThatComesBackUnusedHasNoLatency(RingCase features) {
        QueueFixture f = fixture(features);
        enter(f, 0);
        enter(f, 1);
        List<Chain> taken = f.device.take();
        f.device.use(taken.get(0), 8);
        now += 7;
        f.reset(SIZE, f);
        assertThat(f.used).hasSize(2);
        assertThat(latencies(f)).as("what was used before the reset").containsExactly(7L);
        for (int i = 0; i < 2 * SIZE; i++) {
            now++;
            f.request("r", 1);
            f.queue.flush();
            f.useAll();
            f.poll();
        }
        assertThat(latencies(f)).as("nothing of the time before the reset").doesNotContain(8L, 9L);
        enter(f, 2);
        f.queue.breakQueue("for this test");
        long samples = f.queue.dump().latencySamples;
        f.queue.detach(f);
        assertThat(f.queue.dump().latencySamples).isEqualTo(samples);
    }

    @ParameterizedTest
    @MethodSource("org.virtio.core.queue.RingCase#all")
    void anOwnerThatSleepsHasMoreTimed(RingCase features) {
        QueueFixture f = fixture(features);
        for (int i = 0; i < 100; i++) {
            f.queue.await(0);
            f.roundTrip();
        }
        assertThat(f.queue.dump().latencySamples).isGreaterThanOrEqualTo(50);
    }
}
