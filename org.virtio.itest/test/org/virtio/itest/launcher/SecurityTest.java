// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;
import org.virtio.itest.felix.Layout;

/** The release in a framework with security, where each bundle has the permissions of its own file. Java 24 ended all that. */
@EnabledForJreRange(max = JRE.JAVA_23)
class SecurityTest {
    private static final String DENIED = "(${.context} getProperty user.home)";

    @TempDir
    private Path directory;

    @Test
    void bundlesNeedNoMoreThanTheirPermissionsAndGetNoMore() throws Exception {
        String socket = directory.resolve("disk.sock").toString();
        Path out = directory.resolve("out");
        Path err = directory.resolve("err");
        int status = run(out, err, "virtio:target create " + socket + " ram --size 1M; virtio:attach vhost-user:" + socket
            + " disk0; virtio:write disk0 512 hello --yes; virtio:read disk0 512 5; virtio:fill disk0 pattern --yes; "
            + "virtio:verify disk0; virtio:scan; virtio:transports; virtio:copy disk0 to " + directory.resolve("copy")
            + "; virtio:bench disk0 --seconds 1; "
            + "virtio:detach disk0; virtio:target delete " + socket + "; echo done; " + DENIED);
        String said = Files.readString(err);
        assertThat(out).content().as(said).contains("5 bytes written at 512", "68 65 6c 6c 6f", "1 MiB verified", "IOPS",
            "disk0 is detached", socket + " is deleted");
        assertThat(said.lines().filter(line -> line.contains("access denied"))).as(said)
            .containsExactly("virtio: java.security.AccessControlException: access denied "
                + "(\"java.util.PropertyPermission\" \"user.home\" \"read\")");
        assertThat(status).isEqualTo(1);
    }

    private int run(Path out, Path err, String commands) throws Exception {
        Path home = Layout.home();
        Path policy = Files.writeString(directory.resolve("policy"), "grant { permission java.security.AllPermission; };");
        Path run = Files.createDirectory(directory.resolve("run"));
        String first = Stream.of(Layout.optional("security"), Layout.jars(home.resolve("bundle/logging")),
            Layout.jars(home.resolve("bundle/configuration"))).flatMap(List::stream)
            .map(jar -> "file:" + jar).collect(Collectors.joining(" "));
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Djava.security.manager=allow", "-Djava.security.policy==" + policy, "-Dorg.osgi.framework.security=osgi",
            "-Dfelix.auto.start.1=" + first, "-Djava.io.tmpdir=" + run, "-Dvirtio.home=" + home, "-Dvirtio.run=" + run,
            "-Dvirtio.log=warn", "-Dvirtio.commands=" + commands, "-Dgosh.args=--nointeractive",
            "-Dorg.jline.terminal.exec=false", "-Dorg.jline.terminal.dumb=true", "-jar", home.resolve("bin/felix.jar").toString())
            .redirectInput(new File("/dev/null")).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        try {
            assertThat(process.waitFor(120, TimeUnit.SECONDS)).as("it has ended").isTrue();
            return process.exitValue();
        } finally {
            process.destroyForcibly();
        }
    }
}
