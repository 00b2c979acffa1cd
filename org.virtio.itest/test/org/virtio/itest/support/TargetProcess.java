// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.support;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.virtio.itest.felix.Layout;

/** The release in a process of its own, which serves a file by vhost-user until it is killed. */
public final class TargetProcess implements AutoCloseable {
    private final Process launcher;
    private final Path socket;

    private TargetProcess(Process launcher, Path socket) {
        this.launcher = launcher;
        this.socket = socket;
    }

    /**
     * Starts it and waits until it serves.
     *
     * @param directory where its socket and its log go; its path must be short
     */
    public static TargetProcess ofFile(Path directory, Path image) throws IOException {
        Path socket = directory.resolve("target.sock");
        Path log = directory.resolve("target.log");
        Files.deleteIfExists(socket);
        // To watch some disk is what keeps it there.
        Path other = directory.resolve("other.sock");
        ProcessBuilder builder = new ProcessBuilder(Layout.home().resolve("bin/virtio").toString(), "-c",
            "virtio:target create " + other + " ram --size 1M; virtio:attach vhost-user:" + other
                + "; virtio:target create " + socket + " " + image + "; virtio:watch --interval 60m")
            .redirectInput(new File("/dev/null")).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("TMPDIR", directory.toString());
        TargetProcess process = new TargetProcess(builder.start(), socket);
        try {
            Await.until("the target serves", () -> process.serves(log));
            return process;
        } catch (AssertionError e) {
            process.close();
            throw e;
        }
    }

    private boolean serves(Path log) throws IOException {
        if (!launcher.isAlive()) {
            throw new IOException("the target ended with " + launcher.exitValue() + ": " + Files.readString(log));
        }
        return Files.exists(socket);
    }

    /** The path of the socket on which it serves. */
    public String path() {
        return socket.toString();
    }

    /** Ends it without giving it a chance to tidy up: SIGKILL. */
    @Override
    public void close() {
        List<ProcessHandle> processes =
            Stream.concat(launcher.descendants(), Stream.of(launcher.toHandle())).toList();
        processes.forEach(ProcessHandle::destroyForcibly);
        for (ProcessHandle process : processes) {
            process.onExit().orTimeout(Await.LIMIT.toMillis(), TimeUnit.MILLISECONDS).join();
        }
    }
}
