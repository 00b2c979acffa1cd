// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.bench;

import java.util.concurrent.TimeUnit;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Descriptor;
import org.apache.felix.service.command.Parameter;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.virtio.blk.BlockDevice;
import org.virtio.shell.Commands;
import org.virtio.shell.Count;
import org.virtio.shell.Progress;
import org.virtio.shell.Size;

/** Measures a block device. */
@Component(service = BenchCommand.class, property = {"osgi.command.scope=virtio", "osgi.command.function=bench"})
public final class BenchCommand extends Commands {
    private static final int MAX_DEPTH = 32768;
    private static final int MAX_SIZE = 64 << 20;
    private static final int MAX_THREADS = 1024;
    private static final int MAX_SECONDS = 86_400;

    /** Created by Declarative Services. */
    @Activate
    public BenchCommand(BundleContext context) {
        super(context);
    }

    /** Measures. */
    @Descriptor("measures a block device at random positions: requests per second, latency, CPU time. "
        + "Usage: bench <name> [--depth 32] [--size 4k] [--read-percent 100] [--seconds 5] [--threads 1] "
        + "[--sequential] [--wait] [--yes]")
    public BenchDTO bench(
            @Descriptor("requests in flight per thread (default 32)")
            @Parameter(names = {"-d", "--depth"}, absentValue = "32") String depth,
            @Descriptor("bytes per request (default 4k)")
            @Parameter(names = {"-s", "--size"}, absentValue = "4k") String size,
            @Descriptor("requests of 100 that read; the others write, which destroys data and takes --yes (default 100)")
            @Parameter(names = {"-r", "--read-percent"}, absentValue = "100") String readPercent,
            @Descriptor("how long to measure, after a warm-up of a quarter of that, at most a second (default 5)")
            @Parameter(names = {"-t", "--seconds"}, absentValue = "5") String seconds,
            @Descriptor("threads, each with a queue of its own (default 1)")
            @Parameter(names = {"-j", "--threads"}, absentValue = "1") String threads,
            @Descriptor("go through the device in order, each thread through a share of it")
            @Parameter(names = {"-q", "--sequential"}, presentValue = "true", absentValue = "false") boolean sequential,
            @Descriptor("let threads sleep while there is nothing to do; without it they poll")
            @Parameter(names = {"-w", "--wait"}, presentValue = "true", absentValue = "false") boolean sleeping,
            @Descriptor("do it though it writes; without this, say what would be written")
            @Parameter(names = {"-y", "--yes"}, presentValue = "true", absentValue = "false") boolean yes,
            @Descriptor("the block device") String name) throws Exception {
        return run(() -> {
            BenchOptions options = BenchOptions.of(
                new Count(depth).intValue("--depth", 1, MAX_DEPTH),
                (int) new Size(size).bytes("--size", 512, MAX_SIZE),
                new Count(readPercent).intValue("--read-percent", 0, 100),
                new Count(threads).intValue("--threads", 1, MAX_THREADS),
                TimeUnit.SECONDS.toNanos(new Count(seconds).intValue("--seconds", 1, MAX_SECONDS)),
                sequential, sleeping);
            return services.block(name, device -> run(device, options, yes));
        });
    }

    private static BenchDTO run(BlockDevice device, BenchOptions options, boolean yes) throws Exception {
        options.check(device);
        if (options.readPercent() < 100 && !yes) {
            throw unconfirmed("overwrite what is on " + device.name() + ", all over it, with "
                + (100 - options.readPercent()) + " of 100 requests");
        }
        Bench bench = new Bench(device, options);
        try (Progress progress = Progress.of(CommandSession.Utils.current(), "measuring", Bench.nanos(options))) {
            return bench.run(progress);
        }
    }
}
