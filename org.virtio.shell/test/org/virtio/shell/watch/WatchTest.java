// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.virtio.device.DeviceDTO;
import org.virtio.queue.QueueDTO;

class WatchTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final List<DeviceDTO> devices = new ArrayList<>();
    private final List<String> shown = new ArrayList<>();
    private final QueueDTO queue = new QueueDTO();
    private boolean replaces;
    private int endsAfter = Integer.MAX_VALUE;
    private int pauses;
    private long now = 5 * SECOND;
    private Runnable meanwhile = () -> { };

    /** Time passes only where somebody waits for it. */
    private final Screen screen = new Screen() {
        @Override
        public boolean replaces() {
            return replaces;
        }

        @Override
        public Charset charset() {
            return StandardCharsets.UTF_8;
        }

        @Override
        public boolean show(String lines) {
            shown.add(lines);
            return shown.size() < endsAfter;
        }

        @Override
        public boolean pause(long nanos) {
            now += nanos;
            pauses++;
            meanwhile.run();
            return pauses < endsAfter;
        }

        @Override
        public void close() {
        }
    };

    private final Watch watch = new Watch(new Watch.Source() {
        @Override
        public List<DeviceDTO> devices() {
            return List.copyOf(devices);
        }

        @Override
        public List<QueueDTO> queues(String name) {
            return devices.stream().filter(device -> device.name.equals(name)).findFirst().orElseThrow().queues;
        }
    }, screen, () -> now);

    private DeviceDTO add(String name, String state) {
        DeviceDTO device = new DeviceDTO();
        device.name = name;
        device.state = state;
        devices.add(device);
        return device;
    }

    private static void measure(QueueDTO queue, long max, Map<Long, Long> samples) {
        queue.latencyBounds = samples.keySet().stream().mapToLong(Long::longValue).sorted().toArray();
        queue.latencyCounts = LongStream.of(queue.latencyBounds).map(samples::get).toArray();
        queue.latencyMaxNanos = max;
    }

    @Test
    void ratesAreOfTheTimeThatHasPassed() throws Exception {
        add("disk0", "ready").queues = List.of(queue, new QueueDTO());
        queue.completions = 1_000_000;
        queue.bytesReadable = 1L << 40;
        meanwhile = () -> {
            queue.completions += 500;
            queue.bytesReadable += 1 << 19;
            queue.bytesWritten += 1 << 18;
            queue.inFlight = queue.inFlight == 10 ? 30 : 10;
        };
        watch.run(2 * SECOND, 1);
        assertThat(shown).containsExactly("""
            NAME   STATE   IOPS  MIB/S  DEPTH  MEAN     P50  P99  MAX  LAST IOPS
            disk0  ready  2,500    3.8   20.0  8.00 ms  -    -    -    █""");
    }

    @Test
    void percentilesAreOfTheIntervalAndOfAllQueues() throws Exception {
        QueueDTO other = new QueueDTO();
        add("disk0", "ready").queues = List.of(queue, other);
        measure(queue, 990_000, Map.of(50_000L, 1_000L, 991_231L, 7L));
        meanwhile = () -> {
            measure(queue, 990_000, Map.of(50_000L, 1_000L, 60_415L, 90L, 991_231L, 8L));
            measure(other, 70_000, Map.of(60_415L, 7L, 71_679L, 2L));
        };
        watch.run(SECOND, 2);
        assertThat(shown.get(0)).containsPattern("disk0 .* - +60[.]4 us +71[.]7 us +990[.]0 us +▁");
        assertThat(shown.get(1)).as("an interval without samples").containsPattern("disk0 .* - +- +- +- +▁▁");
    }

    @Test
    void ofADeviceThatWasStartedAnewOnlyWhatItMeasuredSinceCounts() throws Exception {
        add("disk0", "ready").queues = List.of(queue);
        measure(queue, 5_000_000, Map.of(10_000L, 1_000L, 5_000_000L, 7L));
        meanwhile = () -> measure(queue, 20_100, Map.of(10_000L, 3L, 20_479L, 5L));
        watch.run(SECOND, 1);
        assertThat(shown.get(0)).containsPattern("disk0 .* - +20[.]1 us +20[.]1 us +20[.]1 us +▁");
    }

    @Test
    void aBusyDeviceFitsAHundredColumnsWithAFullHistory() throws Exception {
        add("disk0", "ready").queues = List.of(queue);
        meanwhile = () -> {
            queue.completions += 1_234_567 / 10;
            queue.bytesReadable += 500_000_000;
            queue.inFlight = 128;
            measure(queue, 987_600, Map.of(123_400L, (long) pauses, 987_600L, (long) pauses));
        };
        watch.run(SECOND, Meter.HISTORY + 5);
        assertThat(shown.get(Meter.HISTORY + 4)).contains("█".repeat(Meter.HISTORY));
        assertThat(shown.get(Meter.HISTORY + 4).lines()).allMatch(line -> line.length() <= 100);
    }

    @Test
    void theLastIntervalsAreALineOfBars() throws Exception {
        add("disk0", "ready").queues = List.of(queue);
        meanwhile = () -> queue.completions += pauses <= 10 ? 0 : pauses <= 20 ? 1 : 700;
        watch.run(SECOND, 3);
        assertThat(shown.get(2)).endsWith("▁▂█");
        watch.run(SECOND, 2 * Meter.HISTORY);
        assertThat(shown.get(shown.size() - 1)).endsWith(" " + "█".repeat(Meter.HISTORY));
    }

    @Test
    void aDeviceThatIsNotOpenHasAStateAndAReasonAndNoRates() throws Exception {
        DeviceDTO device = add("disk0", "suspended");
        device.failure = "its transport is being replaced";
        watch.run(SECOND, 1);
        assertThat(shown.get(0)).containsPattern("disk0 +suspended +- +- +- +- +- +- +- +▁ +its transport is being replaced");
    }

    @Test
    void anIdleDeviceHasNoLatency() throws Exception {
        add("disk0", "ready").queues = List.of(queue);
        watch.run(SECOND, 1);
        assertThat(shown.get(0)).containsPattern("disk0 +ready +0 +0[.]0 +0[.]0 +- +- +- +- +▁");
    }

    @Test
    void countersThatBeginAnewAreNoNegativeRate() throws Exception {
        add("disk0", "ready").queues = List.of(queue);
        queue.completions = 1_000_000;
        meanwhile = () -> queue.completions = 70;
        watch.run(SECOND, 1);
        assertThat(shown.get(0)).containsPattern("disk0 +ready +70 ");
    }

    @Test
    void devicesComeAndGo() throws Exception {
        watch.run(SECOND, 1);
        assertThat(shown.get(0)).startsWith("no devices; attach one");
        add("disk0", "ready").queues = List.of(queue);
        watch.run(SECOND, 1);
        assertThat(shown.get(1)).contains("disk0");
        devices.clear();
        add("disk1", "ready").queues = List.of(queue);
        watch.run(SECOND, 1);
        assertThat(shown.get(2)).contains("disk1").doesNotContain("disk0");
    }

    @Test
    void whereATableIsReplacedThereIsOneFromTheBeginning() throws Exception {
        replaces = true;
        add("disk0", "ready").queues = List.of(queue);
        watch.run(SECOND, 1);
        assertThat(shown).hasSize(2);
        assertThat(shown.get(0)).containsPattern("disk0 +ready +-");
    }

    @Test
    void endsWhenTheUserSaysSoAndWhenNobodyReadsAnyMore() throws Exception {
        endsAfter = 5;
        watch.run(SECOND, Long.MAX_VALUE);
        assertThat(shown).isEmpty();
        endsAfter = 2;
        pauses = Integer.MIN_VALUE;
        watch.run(SECOND, Long.MAX_VALUE);
        assertThat(shown).hasSize(2);
    }

    @Test
    void timeThatWasLostIsNotMadeGood() throws Exception {
        add("disk0", "ready").queues = List.of(queue);
        meanwhile = () -> now += pauses == 3 ? 60 * SECOND : 0;
        long begin = now;
        watch.run(SECOND, 10);
        assertThat(now - begin).isGreaterThan(68 * SECOND);
    }
}
