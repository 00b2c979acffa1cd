// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.bench;

import java.util.List;
import org.apache.felix.service.command.Converter;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.virtio.shell.print.Details;
import org.virtio.shell.print.Form;
import org.virtio.shell.print.FormConverter;
import org.virtio.shell.print.Table;
import org.virtio.shell.print.Units;

/** Prints what a benchmark measured. */
@Component(service = Converter.class)
public final class BenchConverter extends FormConverter {
    /** Created by Declarative Services. */
    @Activate
    public BenchConverter() {
        super(List.of(Form.of(BenchDTO.class, new Table<BenchDTO>()
            .column("DEVICE", b -> b.device).column("DEPTH", b -> b.depth).column("SIZE", b -> b.size)
            .column("READS", b -> b.readPercent + "%").column("THREADS", b -> b.threads)
            .column("IOPS", b -> Math.round(b.iops)).column("MIB/S", b -> Units.decimal(b.mibPerSecond, 1))
            .column("P50", b -> Units.nanos(b.p50Nanos)).column("P99", b -> Units.nanos(b.p99Nanos))
            .column("P99.9", b -> Units.nanos(b.p999Nanos)).column("MAX", b -> Units.nanos(b.maxNanos))
            .column("CPU", b -> Units.nanos(b.cpuNanosPerRequest)), BenchConverter::full)));
    }

    static String full(BenchDTO bench) {
        return new Details(title(bench))
            .add("IOPS", Units.number(Math.round(bench.iops)))
            .add("MiB/s", Units.decimal(bench.mibPerSecond, 1))
            .add("latency", "p50 " + Units.nanos(bench.p50Nanos) + ", p99 " + Units.nanos(bench.p99Nanos)
                + ", p99.9 " + Units.nanos(bench.p999Nanos) + ", max " + Units.nanos(bench.maxNanos)
                + ", mean " + Units.nanos(bench.meanNanos))
            .add("requests", Units.number(bench.reads) + " reads, " + Units.number(bench.writes) + " writes")
            .add("driver CPU", Units.nanos(bench.cpuNanosPerRequest) + " per request")
            .toString();
    }

    private static String title(BenchDTO bench) {
        String mix = bench.readPercent == 100 ? "reads" : bench.readPercent == 0 ? "writes"
            : "requests, " + bench.readPercent + "% reads";
        return bench.device + ": " + Units.bytes(bench.size) + (bench.sequential ? " sequential " : " random ") + mix
            + ", depth " + bench.depth
            + (bench.depth < bench.depthAsked ? " (" + bench.depthAsked + " asked for, the queue was full)" : "")
            + ", " + bench.threads + (bench.threads == 1 ? " thread" : " threads")
            + (bench.sleeping ? " that may sleep" : " polling") + ", " + Units.decimal(bench.seconds, 1) + " s";
    }
}
