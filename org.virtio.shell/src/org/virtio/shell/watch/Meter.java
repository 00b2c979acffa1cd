// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.watch;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.ToLongFunction;
import org.virtio.device.DeviceDTO;
import org.virtio.queue.QueueDTO;

/** Makes rates of the counters of one device, which its rings keep in any case. */
final class Meter {
    /** How many intervals are remembered. */
    static final int HISTORY = 20;

    private final Deque<Double> history = new ArrayDeque<>();
    private long since;
    private long completions;
    private long bytes;
    private Latencies latencies;
    private long inFlight;
    private int samples;

    /** The first interval begins, at a time in nanoseconds. */
    Meter(List<QueueDTO> queues, long now) {
        begin(queues, now);
    }

    private void begin(List<QueueDTO> queues, long now) {
        since = now;
        completions = sum(queues, q -> q.completions);
        bytes = sum(queues, Meter::bytes);
        latencies = Latencies.of(queues);
        inFlight = 0;
        samples = 0;
    }

    /** Looks how many requests are in flight. */
    void sample(List<QueueDTO> queues) {
        inFlight += sum(queues, q -> q.inFlight);
        samples++;
    }

    /** The interval ends, and the next begins. */
    Rates end(DeviceDTO device, long now) {
        List<QueueDTO> queues = device.queues;
        sample(queues);
        double seconds = Math.max(1, now - since) / 1e9;
        double iops = since(completions, sum(queues, q -> q.completions)) / seconds;
        double rate = since(bytes, sum(queues, Meter::bytes)) / seconds;
        double depth = (double) inFlight / samples;
        Latencies grown = Latencies.of(queues).since(latencies);
        if (history.size() == HISTORY) {
            history.removeFirst();
        }
        history.addLast(iops);
        begin(queues, now);
        return queues.isEmpty() ? unknown(device) : new Rates(device, iops, rate, depth, grown, List.copyOf(history));
    }

    /** A device of which there are no rates. */
    Rates unknown(DeviceDTO device) {
        return new Rates(device, Double.NaN, Double.NaN, Double.NaN, Latencies.NONE, List.copyOf(history));
    }

    /** Counters begin at 0 when a device is started anew. */
    static long since(long before, long after) {
        return after < before ? after : after - before;
    }

    private static long bytes(QueueDTO queue) {
        return queue.bytesReadable + queue.bytesWritten;
    }

    private static long sum(List<QueueDTO> queues, ToLongFunction<QueueDTO> counter) {
        return queues.stream().mapToLong(counter).sum();
    }
}
