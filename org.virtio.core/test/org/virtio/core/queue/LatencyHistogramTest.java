// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.virtio.queue.QueueDTO;

class LatencyHistogramTest {
    private static QueueDTO dump(long... values) {
        LatencyHistogram histogram = new LatencyHistogram();
        LongStream.of(values).forEach(histogram::add);
        QueueDTO dto = new QueueDTO();
        histogram.dump(dto);
        return dto;
    }

    /** Of all magnitudes alike, with both ends of each bit length. */
    @Provide
    Arbitrary<List<Long>> values() {
        Arbitrary<Long> any = Arbitraries.longs().between(0, Long.MAX_VALUE).flatMap(
            value -> Arbitraries.integers().between(0, 62).map(shift -> value >>> shift));
        Arbitrary<Long> edge = Arbitraries.integers().between(0, 62).flatMap(
            bit -> Arbitraries.of(1L << bit, (1L << bit) - 1, (1L << bit) + 1));
        return Arbitraries.oneOf(any, edge, Arbitraries.of(0L, 1L, Long.MAX_VALUE)).list().ofMinSize(1).ofMaxSize(300);
    }

    @Property
    void whatIsToldIsNeverLessThanWhatIsSoAndAtMostAThirtySecondMore(@ForAll("values") List<Long> values) {
        long[] sorted = values.stream().mapToLong(Long::longValue).sorted().toArray();
        QueueDTO dto = dump(values.stream().mapToLong(Long::longValue).toArray());
        assertThat(dto.latencySamples).isEqualTo(sorted.length);
        assertThat(dto.latencyMaxNanos).isEqualTo(sorted[sorted.length - 1]);
        assertNear(dto.latencyP50Nanos, sorted[(sorted.length + 1) / 2 - 1]);
        assertNear(dto.latencyP99Nanos, sorted[(sorted.length * 99 + 99) / 100 - 1]);
        assertThat(dto.latencyP99Nanos).isBetween(dto.latencyP50Nanos, dto.latencyMaxNanos);
    }

    private static void assertNear(long told, long exact) {
        assertThat(told).isGreaterThanOrEqualTo(exact);
        assertThat(told - exact).isLessThanOrEqualTo(exact / 32);
    }

    @Property
    void eachValueIsInTheBucketThatSaysSo(@ForAll("values") List<Long> values) {
        QueueDTO dto = dump(values.stream().mapToLong(Long::longValue).toArray());
        assertThat(dto.latencyBounds).isSorted().doesNotHaveDuplicates().hasSameSizeAs(dto.latencyCounts);
        long[] expected = new long[dto.latencyBounds.length];
        for (long value : values) {
            int place = Arrays.binarySearch(dto.latencyBounds, value);
            int bucket = place < 0 ? -place - 1 : place;
            assertNear(dto.latencyBounds[bucket], value);
            expected[bucket]++;
        }
        assertThat(dto.latencyCounts).isEqualTo(expected).doesNotContain(0);
    }

    @Example
    void withoutSamplesThereIsNothingToTell() {
        QueueDTO dto = dump();
        assertThat(List.of(dto.latencySamples, dto.latencyP50Nanos, dto.latencyP99Nanos, dto.latencyMaxNanos)).containsOnly(0L);
        assertThat(dto.latencyBounds).isEmpty();
        assertThat(dto.latencyCounts).isEmpty();
    }

    @Example
    void aClockThatWentBackIsNoTimeAtAll() {
        QueueDTO dto = dump(-5, Long.MIN_VALUE);
        assertThat(dto.latencyBounds).containsExactly(0);
        assertThat(dto.latencyCounts).containsExactly(2);
        assertThat(dto.latencyMaxNanos).isZero();
    }

    @Example
    void smallValuesAreExact() {
        assertThat(dump(LongStream.range(0, 64).toArray()).latencyBounds).isEqualTo(LongStream.range(0, 64).toArray());
    }
}
