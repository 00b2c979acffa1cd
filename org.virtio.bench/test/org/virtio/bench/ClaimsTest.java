// SPDX-License-Identifier: Apache-2.0
package org.virtio.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
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
            .include(Pattern.quote(RingBenchmark.class.getName()) + "\\.(one|batch)$").forks(1)
            .warmupIterations(2).warmupTime(TimeValue.milliseconds(300))
            .measurementIterations(1).measurementTime(TimeValue.milliseconds(300))
            .shouldFailOnError(true).addProfiler(GCProfiler.class).build()).run();
        assertThat(results).as("two ways through four formats, direct and indirect").hasSize(16);
        for (RunResult result : results) {
            // The harness allocates a little per iteration. The least that the ring could is an object per batch: 0.5 bytes.
            assertThat(result.getSecondaryResults().get("gc.alloc.rate.norm").getScore())
                .as("bytes per request of %s", result.getParams().id()).isLessThan(0.2);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"split", "split-in-order", "packed", "packed-in-order"})
    @Timeout(60)
    void twoCoresAgreeOnTheRing(String format) throws InterruptedException {
        for (String indirect : List.of("direct", "indirect")) {
            TwoCores.main(new String[] {format, "3", indirect, "1", "50"});
        }
    }

    @Test
    void everyOrderingClaimHoldsAndTheFullFenceIsNeeded() throws IOException, InterruptedException {
        String output = jcstress("org.virtio.*Stress");
        assertThat(output).contains("SuspensionStress.Going", "SuspensionStress.GoingOn", "SuspensionStress.Away");
        for (String format : List.of("Split", "Packed")) {
            assertThat(output).contains("PublicationStress." + format, "ConsumptionStress." + format,
                "AvailableNotificationStress." + format + "ByFlag", "AvailableNotificationStress." + format + "ByEvent",
                "UsedNotificationStress." + format + "ByFlag", "UsedNotificationStress." + format + "ByEvent",
                "TargetStress." + format + "Available", "TargetStress." + format + "Used");
            assertThat(lostWakeups(output, format)).as("lost wake-ups without the full fence, %s, in%n%s", format, output)
                .isPositive();
        }
    }

    private String jcstress(String tests) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp", System.getProperty("java.class.path"), "org.openjdk.jcstress.Main",
            "-t", tests, "-v", "-sc", "false", "-f", "1", "-fsm", "1", "-iters", "2", "-time", "250", "-jvmArgs", "-Xmx512m",
            "-r", directory.toString())
            .directory(directory.toFile()).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("exit code of jcstress, which said%n%s", output).isZero();
        return output;
    }

    private static long lostWakeups(String output, String format) {
        int start = output.lastIndexOf("MissingFenceStress." + format);
        assertThat(start).as("the report of the negative case").isPositive();
        Matcher line = Pattern.compile("^\\s*0, 0\\s+([0-9,]+)", Pattern.MULTILINE).matcher(output.substring(start));
        return line.find() ? Long.parseLong(line.group(1).replace(",", "")) : 0;
    }
}
