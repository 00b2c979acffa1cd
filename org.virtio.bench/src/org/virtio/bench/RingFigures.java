// SPDX-License-Identifier: Apache-2.0
package org.virtio.bench;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.openjdk.jmh.profile.LinuxPerfNormProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.openjdk.jmh.util.Statistics;

/** Runs {@link RingBenchmark} and prints it as a table: medians with the least and the greatest, per request. */
public final class RingFigures {
    private static final String[] FORMATS = {"split", "split-in-order", "packed", "packed-in-order"};

    private final int forks;
    private final TimeValue time;
    private final boolean instructions;

    private RingFigures(int forks, int milliseconds, boolean instructions) {
        this.forks = forks;
        this.time = TimeValue.milliseconds(milliseconds);
        this.instructions = instructions;
    }

    /**
     * Measures.
     *
     * @param args number of JVMs for each row, milliseconds per iteration, and {@code instructions} to have perf count them
     */
    public static void main(String[] args) throws RunnerException {
        if (args.length < 2) {
            System.err.println("usage: RingFigures <forks> <milliseconds> [instructions]");
            System.exit(2);
        }
        RingFigures figures = new RingFigures(Integer.parseInt(args[0]), Integer.parseInt(args[1]), args.length > 2);
        System.out.println("| format | descriptors | one, ns | device's | instructions | in 32, ns | device's | instructions |");
        System.out.println("|---|---|---|---|---|---|---|---|");
        for (String format : FORMATS) {
            for (int descriptors = 1; descriptors <= 4; descriptors++) {
                figures.row(format, descriptors, false);
            }
            figures.row(format, 3, true);
        }
    }

    private void row(String format, int descriptors, boolean indirect) throws RunnerException {
        ChainedOptionsBuilder options = new OptionsBuilder().include(RingBenchmark.class.getName())
            .param("format", format).param("descriptors", "" + descriptors).param("indirect", "" + indirect)
            .forks(forks).warmupIterations(3).warmupTime(time).measurementIterations(3).measurementTime(time)
            .verbosity(VerboseMode.SILENT).shouldFailOnError(true);
        if (instructions) {
            options.addProfiler(LinuxPerfNormProfiler.class, "events=instructions");
        }
        Collection<RunResult> runs = new Runner(options.build()).run();
        Map<String, RunResult> results = new HashMap<>();
        for (RunResult result : runs) {
            results.put(result.getPrimaryResult().getLabel(), result);
        }
        System.out.printf("| %s%s | %d | %s | %s |%n", format, indirect ? ", indirect" : "", descriptors,
            columns(results, "one"), columns(results, "batch"));
    }

    private static String columns(Map<String, RunResult> results, String name) {
        RunResult result = results.get(name);
        Statistics whole = result.getPrimaryResult().getStatistics();
        double rehearsed = results.get(name + "Rehearsed").getPrimaryResult().getStatistics().getPercentile(50);
        return String.format("%.1f (%.1f to %.1f) | %.1f | %s", whole.getPercentile(50), whole.getMin(), whole.getMax(),
            rehearsed - whole.getPercentile(50), instructions(result));
    }

    private static String instructions(RunResult result) {
        for (Map.Entry<String, ? extends Result> entry : result.getSecondaryResults().entrySet()) {
            if (entry.getKey().contains("instructions")) {
                return String.format("%.0f", entry.getValue().getScore());
            }
        }
        return "–";
    }
}
