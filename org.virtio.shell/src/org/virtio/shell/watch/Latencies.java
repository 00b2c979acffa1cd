// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.watch;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.virtio.queue.QueueDTO;

/**
 * The latencies that the queues of a device have measured.
 *
 * @param samples  how many fell into each bucket, by the bucket's greatest latency in nanoseconds; none is 0
 * @param greatest of all latencies since the device was started, in nanoseconds: exact, where buckets are not
 */
record Latencies(SortedMap<Long, Long> samples, long greatest) {
    /** Nothing was measured. */
    static final Latencies NONE = of(List.of());

    /** Since the device was started. */
    static Latencies of(List<QueueDTO> queues) {
        SortedMap<Long, Long> samples = new TreeMap<>();
        long greatest = 0;
        for (QueueDTO queue : queues) {
            for (int i = 0; i < queue.latencyBounds.length; i++) {
                samples.merge(queue.latencyBounds[i], queue.latencyCounts[i], Long::sum);
            }
            greatest = Math.max(greatest, queue.latencyMaxNanos);
        }
        return new Latencies(samples, greatest);
    }

    /** What has come since another look. */
    Latencies since(Latencies before) {
        SortedMap<Long, Long> grown = new TreeMap<>();
        samples.forEach((bound, count) -> {
            long more = Meter.since(before.samples.getOrDefault(bound, 0L), count);
            if (more > 0) {
                grown.put(bound, more);
            }
        });
        return new Latencies(grown, greatest);
    }

    /**
     * The latency in nanoseconds that a part of the samples, from 0 to 1, did not exceed; all of them with 1. NaN without
     * samples.
     */
    double percentile(double part) {
        long rank = (long) Math.ceil(part * samples.values().stream().mapToLong(Long::longValue).sum());
        long below = 0;
        for (Map.Entry<Long, Long> bucket : samples.entrySet()) {
            below += bucket.getValue();
            if (below >= rank) {
                return Math.min(bucket.getKey(), greatest);
            }
        }
        return Double.NaN;
    }
}
