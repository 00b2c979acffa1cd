// SPDX-License-Identifier: Apache-2.0
package org.virtio.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collection;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** Holds what is claimed of allocation and ordering; how long anything takes is printed, never judged. */
class ClaimsTest {
    @TempDir
    Path directory;

    @Test
    void addFlushAndPollAllocateNothing() throws RunnerException {
        Collection<RunResult> results = new Runner(new OptionsBuilder()
            .include(RingBenchmark.class.getName()).forks(1)
            .warmupIterations(3).warmupTime(TimeValue.milliseconds(500))
            .measurementIterations(2).measurementTime(TimeValue.milliseconds(500))
            .addProfiler(GCProfiler.class).build()).run();
        assertThat(results).hasSize(32);
        for (RunResult result : results) {
            // The harness allocates a little per iteration. The least that the ring could is an object per batch: 0.5 bytes.
            assertThat(result.getSecondaryResults().get("gc.alloc.rate.norm").getScore())
                .as("bytes per request of %s", result.getParams().getBenchmark()).isLessThan(0.2);
        }
    }

    @Test
    void everyOrderingClaimHoldsAndTheFullFenceIsNeeded() throws IOException, InterruptedException {
        String output = jcstress("org.virtio.core.queue.SplitStress");
        assertThat(output).contains("Publication", "UsedConsumption", "AvailableNotificationByFlag",
            "AvailableNotificationByEvent", "UsedNotificationByFlag", "UsedNotificationByEvent");
        assertThat(lostWakeups(output)).as("lost wake-ups without the full fence, in%n%s", output).isPositive();
    }

    private String jcstress(String tests) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp", System.getProperty("java.class.path"), "org.openjdk.jcstress.Main",
            "-t", tests, "-v", "-sc", "false", "-f", "1", "-fsm", "1", "-iters", "5", "-time", "500", "-jvmArgs", "-Xmx512m",
            "-r", directory.toString())
            .directory(directory.toFile()).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("exit code of jcstress, which said%n%s", output).isZero();
        return output;
    }

    private static long lostWakeups(String output) {
        int start = output.lastIndexOf("WithoutTheFence");
        assertThat(start).as("the report of the negative case").isPositive();
        Matcher line = Pattern.compile("^\\s*0, 0\\s+([0-9,]+)", Pattern.MULTILINE).matcher(output.substring(start));
        return line.find() ? Long.parseLong(line.group(1).replace(",", "")) : 0;
    }
}
