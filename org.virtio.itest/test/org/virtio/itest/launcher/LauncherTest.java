// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.virtio.itest.felix.Layout;

/** The release as a user runs it: a script, its exit status, and what it prints where. */
class LauncherTest {
    private static final long LIMIT_SECONDS = 120;

    @TempDir
    private Path directory;

    /** How a run ended. */
    private record Run(int status, String out, String err) {
    }

    @Test
    void helpSaysHowToUseIt() throws Exception {
        for (String option : List.of("--help", "-h")) {
            Run run = run(option);
            assertThat(run.status()).isZero();
            assertThat(run.out()).startsWith("Usage: virtio").contains("demo", "-c");
            assertThat(run.err()).isEmpty();
        }
    }

    @Test
    void wrongArgumentsAreRefusedWithTheUsage() throws Exception {
        for (List<String> arguments : List.of(List.of("--nonsense"), List.of("-c"), List.of("demo", "extra"),
                List.of("demo", "-c", "help"))) {
            Run run = run(arguments.toArray(String[]::new));
            assertThat(run.status()).as("%s", arguments).isEqualTo(2);
            assertThat(run.out()).isEmpty();
            assertThat(run.err()).startsWith("virtio: ").contains("Usage: virtio");
        }
    }

    @Test
    void commandsPrintWhatTheyReturnAndNothingElse() throws Exception {
        String socket = directory.resolve("disk.sock").toString();
        Run run = run("-c", "virtio:target create " + socket + " ram --size 1M; virtio:attach vhost-user:" + socket + " disk0; "
            + "virtio:write disk0 512 hello --yes; virtio:read disk0 512 5; virtio:detach disk0");
        assertThat(run.err()).isEmpty();
        assertThat(run.status()).isZero();
        assertThat(run.out()).startsWith("SOCKET").contains(socket, "NAME", "5 bytes written at 512\n", "68 65 6c 6c 6f")
            .endsWith("disk0 is detached\n");
    }

    @Test
    void whatDestroysDataIsNotDoneUnlessItIsConfirmed() throws Exception {
        String socket = directory.resolve("disk.sock").toString();
        Run run = run("-c", "virtio:target create " + socket + " ram --size 1M; virtio:attach vhost-user:" + socket + " disk0; "
            + "virtio:fill disk0 0xff; virtio:detach disk0");
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).isEqualTo("virtio: this would overwrite 1 MiB of disk0 at position 0; add --yes to do it\n");
    }

    @Test
    void aCommandThatFailsEndsTheRunWithOneLineAndStatusOne() throws Exception {
        Run run = run("-c", "virtio:info nonsense; virtio:transports");
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err().lines()).hasSize(1);
        assertThat(run.err()).startsWith("virtio: ").contains("nonsense");
        assertThat(run.out()).doesNotContain("vhost-user");
        Run unknown = run("-c", "virtio:nonsense");
        assertThat(unknown.status()).isEqualTo(1);
        assertThat(unknown.out()).isEmpty();
        assertThat(unknown.err()).contains("nonsense");
    }

    @Test
    void everyCommandHasHelp() throws Exception {
        List<String> commands = List.of("transports", "attach", "detach", "list", "info", "features", "queues", "config", "dump",
            "read", "write", "flush", "fill", "verify", "copy", "bench", "watch", "log", "target", "scan", "bind", "unbind");
        Run run = run("-c", commands.stream().map(command -> "help virtio:" + command).collect(Collectors.joining("; ")));
        assertThat(run.status()).as(run.err()).isZero();
        for (String command : commands) {
            assertThat(run.out()).contains("Usage: " + command);
        }
    }

    @Test
    void devicesAreWatchedOneTableForEachInterval() throws Exception {
        String socket = directory.resolve("disk.sock").toString();
        Run run = run("-c", "virtio:target create " + socket + " ram --size 1M; virtio:attach vhost-user:" + socket + " disk0; "
            + "virtio:watch --interval 100ms --count 2 disk0");
        assertThat(run.err()).isEmpty();
        assertThat(run.status()).isZero();
        assertThat(run.out()).containsPattern("\nNAME .*P50 .*\ndisk0 +ready +0 .*\n\nNAME .*\ndisk0 +ready +0 .*\n$");
    }

    @Test
    void logsGoToStandardErrorAtTheLevelsThatWereSet() throws Exception {
        String attach = "virtio:attach vhost-user:" + directory.resolve("disk.sock") + " disk0; virtio:detach disk0";
        String target = "virtio:target create " + directory.resolve("disk.sock") + " ram --size 1M; ";
        Run verbose = run("-v", "-c", target + attach);
        assertThat(verbose.err()).contains("INFO org.virtio.core.registry.DeviceRegistryComponent - Attached");
        assertThat(verbose.out()).doesNotContain("Attached");
        Run changed = run("-c", target + "virtio:log org.virtio.core.registry info; " + attach
            + "; virtio:log org.virtio.core.registry off; virtio:log");
        assertThat(changed.status()).as(changed.err()).isZero();
        assertThat(changed.err()).contains("Attached").doesNotContain("org.virtio.blk");
        assertThat(changed.out()).doesNotContain("Attached").containsPattern("ROOT +warn").containsPattern("registry +off");
        Run wrong = run("-c", "virtio:log org.virtio.core loud");
        assertThat(wrong.status()).isEqualTo(1);
        assertThat(wrong.err()).isEqualTo("virtio: 'loud' is no level of org.virtio.core; "
            + "expected one of trace, debug, info, warn, error, off, default\n");
    }

    @Test
    void demoDoesTheMainJob() throws Exception {
        Run run = run("demo");
        assertThat(run.status()).as(run.err()).isZero();
        assertThat(run.out()).contains("VERSION_1", "IOPS", "MiB/s", "p99");
    }

    @Test
    void runsThroughALinkFromAnywhereAndLeavesNothingBehind() throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("virtio"), Layout.home().resolve("bin/virtio"));
        Path temporary = Files.createDirectory(directory.resolve("tmp"));
        Run run = run(List.of(link.toString(), "-c", "virtio:transports"), temporary);
        assertThat(run.err()).isEmpty();
        assertThat(run.status()).isZero();
        assertThat(run.out()).contains("vhost-user");
        assertThat(temporary).isEmptyDirectory();
    }

    @Test
    void devicesInEtcAreDeclaredWhenCommandsRun() throws Exception {
        Path release = releaseOfItsOwn();
        String socket = directory.resolve("disk.sock").toString();
        Files.writeString(release.resolve("etc/org.virtio.device-disk0.cfg"),
            "address = vhost-user:" + socket + "\nreadOnly = true\n");
        Files.writeString(release.resolve("etc/org.virtio.device-disk1.cfg"),
            "address = vhost-user:" + socket + "\nqueues = 0\n");
        Run listed = runCommands(release, "virtio:list");
        assertThat(listed.status()).isZero();
        assertThat(listed.out()).containsPattern("^NAME .*\ndisk0 .*" + socket + ".*\n$");
        assertThat(listed.err()).contains("org.virtio.device~disk1 is refused: queues=0 is not a number from 1 to 65535; "
            + "nothing is declared").doesNotContain("no transport");
        Files.delete(release.resolve("etc/org.virtio.device-disk1.cfg"));
        Run opened = runCommands(release, "virtio:target create " + socket + " ram --size 1M; "
            + "until { (((virtio:list) get 0) state) equals ready } { }; virtio:list");
        assertThat(opened.status()).as(opened.err()).isZero();
        assertThat(opened.out()).startsWith("SOCKET").containsPattern("\nNAME .*\ndisk0 +blk +ready .*readonly=on\n$");
    }

    @Test
    void theExampleInEtcDeclaresNothingUntilItIsCopied() throws Exception {
        Path release = releaseOfItsOwn();
        Path example = release.resolve("etc/org.virtio.device-NAME.cfg.example");
        Run without = runCommands(release, "virtio:list");
        assertThat(without.out()).startsWith("no devices");
        assertThat(without.err()).isEmpty();
        Path copy = release.resolve("etc/org.virtio.device-disk0.cfg");
        Files.copy(example, copy);
        Run as = runCommands(release, "virtio:list");
        assertThat(as.out()).contains("disk0").contains("vhost-user:/run/vhost.sock");
        Files.write(copy, Files.readAllLines(example).stream().map(line -> line.replaceFirst("^#(?=[a-zA-Z]+ = )", "")).toList());
        Run complete = runCommands(release, "virtio:list");
        assertThat(complete.out()).as(complete.err()).contains("disk0", "grace=30", "mode=wait", "queues=4", "readonly=off",
            "size=512", "type=blk");
    }

    /** A release whose etc/ is its own, and all else the built one's. */
    private Path releaseOfItsOwn() throws IOException {
        Path release = Files.createDirectory(directory.resolve("release"));
        for (String own : List.of("bin", "etc")) {
            Files.createDirectory(release.resolve(own));
            try (Stream<Path> files = Files.list(Layout.home().resolve(own))) {
                for (Path file : files.toList()) {
                    Files.copy(file, release.resolve(own).resolve(file.getFileName()), StandardCopyOption.COPY_ATTRIBUTES);
                }
            }
        }
        for (String shared : List.of("bundle", "conf")) {
            Files.createSymbolicLink(release.resolve(shared), Layout.home().resolve(shared).toAbsolutePath().normalize());
        }
        return release;
    }

    private Run runCommands(Path release, String commands) throws Exception {
        return run(List.of(release.resolve("bin/virtio").toString(), "-c", commands), directory);
    }

    private Run run(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(Layout.home().resolve("bin/virtio").toString()));
        command.addAll(List.of(arguments));
        return run(command, directory);
    }

    private Run run(List<String> command, Path temporary) throws IOException, InterruptedException {
        File out = File.createTempFile("out", null, directory.toFile());
        File err = File.createTempFile("err", null, directory.toFile());
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile())
            .redirectInput(new File("/dev/null")).redirectOutput(out).redirectError(err);
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("TMPDIR", temporary.toString());
        Process process = builder.start();
        try {
            assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).as("%s ends", command).isTrue();
            return new Run(process.exitValue(), Files.readString(out.toPath()), Files.readString(err.toPath()));
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }
}
