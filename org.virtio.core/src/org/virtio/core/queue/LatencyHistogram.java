// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.virtio.queue.QueueDTO;

/**
 * How many requests took how long. Each power of two is divided into 32 buckets, and what is below 64 ns has a bucket for each
 * value: so what is told of a value is at most a 32nd of it too great, whatever it is, and the memory is always the same.
 *
 * <p>One thread adds, plainly; any may look, and sees what was added a little late.
 */
final class LatencyHistogram {
    private static final int BITS = 5;
    private static final int PER_POWER = 1 << BITS;

    private final long[] counts = new long[bucket(Long.MAX_VALUE) + 1];
    private long greatest;

    /** Adds a time in nanoseconds; one below 0 counts as 0. */
    void add(long nanos) {
        long value = Math.max(0, nanos);
        greatest = Math.max(greatest, value);
        counts[bucket(value)]++;
    }

    /** The value's highest six bits, behind the buckets of all values that are shorter. */
    private static int bucket(long value) {
        int shift = Math.max(0, Long.SIZE - 1 - BITS - Long.numberOfLeadingZeros(value));
        return shift * PER_POWER + (int) (value >>> shift);
    }

    /** The greatest value of a bucket. */
    private static long bound(int bucket) {
        int shift = Math.max(0, bucket / PER_POWER - 1);
        return (bucket - shift * PER_POWER + 1L << shift) - 1;
    }

    /** Fills in what a snapshot tells of latency. */
    void dump(QueueDTO dto) {
        dto.latencyMaxNanos = greatest;
        long[] seen = counts.clone();
        int[] filled = IntStream.range(0, seen.length).filter(i -> seen[i] != 0).toArray();
        dto.latencyBounds = IntStream.of(filled).mapToLong(LatencyHistogram::bound).toArray();
        dto.latencyCounts = IntStream.of(filled).mapToLong(i -> seen[i]).toArray();
        dto.latencySamples = LongStream.of(dto.latencyCounts).sum();
        dto.latencyP50Nanos = percentile(dto, 0.50);
        dto.latencyP99Nanos = percentile(dto, 0.99);
    }

    private static long percentile(QueueDTO dto, double part) {
        long rank = (long) Math.ceil(part * dto.latencySamples);
        int i = 0;
        for (long below = 0; i < dto.latencyCounts.length; i++) {
            below += dto.latencyCounts[i];
            if (below >= rank) {
                return Math.min(dto.latencyBounds[i], dto.latencyMaxNanos);
            }
        }
        return 0;
    }
}
