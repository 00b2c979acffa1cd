// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.watch;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.virtio.device.DeviceDTO;
import org.virtio.queue.QueueDTO;
import org.virtio.shell.print.Table;
import org.virtio.shell.print.Units;

/** Shows what devices do, interval by interval. */
final class Watch {
    private static final int SAMPLES = 10;
    private static final String NONE = "no devices; attach one: virtio:attach vhost-user:/path/to.sock";

    /** The devices as they are now. */
    interface Source {
        /** Those to be watched, in the order to show. */
        List<DeviceDTO> devices() throws Exception;

        /** The queues of a device; empty if it is not open. */
        List<QueueDTO> queues(String device) throws Exception;
    }

    private final Source source;
    private final Screen screen;
    private final LongSupplier clock;
    private final Table<Rates> table;
    private final Map<String, Meter> meters = new HashMap<>();

    /**
     * Watches devices.
     *
     * @param clock the time in nanoseconds
     */
    Watch(Source source, Screen screen, LongSupplier clock) {
        this.source = source;
        this.screen = screen;
        this.clock = clock;
        this.table = table(new Sparkline(screen.charset()));
    }

    /**
     * Shows a table at the end of each interval, until there were enough of them or the user ends it.
     *
     * @param interval in nanoseconds, at least 1
     * @param count    how many tables
     */
    void run(long interval, long count) throws Exception {
        String first = next();
        if (screen.replaces() && !screen.show(first)) {
            return;
        }
        long begin = clock.getAsLong();
        for (long i = 0; i < count; i++) {
            if (!sleep(begin, interval) || !screen.show(next())) {
                return;
            }
            // Of time that was lost, as by a machine that slept, nothing is made good.
            begin = Math.max(begin + interval, clock.getAsLong() - interval);
        }
    }

    /** Little's law wants the mean number in flight, which one look at the end of an interval would not give. */
    private boolean sleep(long begin, long interval) throws Exception {
        for (int i = 1; i <= SAMPLES; i++) {
            if (!screen.pause(Math.max(0, begin + interval / SAMPLES * i - clock.getAsLong()))) {
                return false;
            }
            if (i < SAMPLES) {
                for (Map.Entry<String, Meter> entry : meters.entrySet()) {
                    entry.getValue().sample(source.queues(entry.getKey()));
                }
            }
        }
        return true;
    }

    private String next() throws Exception {
        List<Rates> rows = new ArrayList<>();
        List<DeviceDTO> devices = source.devices();
        long now = clock.getAsLong();
        for (DeviceDTO device : devices) {
            Meter meter = meters.get(device.name);
            if (meter == null) {
                meter = new Meter(device.queues, now);
                meters.put(device.name, meter);
                rows.add(meter.unknown(device));
            } else {
                rows.add(meter.end(device, now));
            }
        }
        meters.keySet().retainAll(devices.stream().map(device -> device.name).toList());
        return rows.isEmpty() ? NONE : table.print(rows);
    }

    private static Table<Rates> table(Sparkline sparkline) {
        return new Table<Rates>()
            .column("NAME", r -> r.device().name).column("STATE", r -> r.device().state)
            .column("IOPS", r -> Double.isNaN(r.iops()) ? null : (Object) Math.round(r.iops()))
            .column("MIB/S", r -> decimal(r.bytes() / (1 << 20))).column("DEPTH", r -> decimal(r.depth()))
            .column("MEAN", r -> nanos(r.meanNanos())).column("P50", r -> nanos(r.latencies().percentile(0.50)))
            .column("P99", r -> nanos(r.latencies().percentile(0.99))).column("MAX", r -> nanos(r.latencies().percentile(1)))
            .column("LAST IOPS", r -> sparkline.of(r.history()))
            .column("", r -> r.device().failure == null ? "" : r.device().failure);
    }

    private static String nanos(double value) {
        return Double.isNaN(value) ? null : Units.nanos(value);
    }

    private static BigDecimal decimal(double value) {
        return Double.isNaN(value) ? null : BigDecimal.valueOf(value).setScale(1, RoundingMode.HALF_UP);
    }
}
