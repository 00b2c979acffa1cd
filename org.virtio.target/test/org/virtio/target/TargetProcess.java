// SPDX-License-Identifier: Apache-2.0
package org.virtio.target;

import java.io.IOException;
import java.nio.file.Path;
import org.virtio.target.backend.BlockTarget;

/** A target in a process of its own, which can be killed. */
final class TargetProcess implements AutoCloseable {
    private final Process process;

    private TargetProcess(Process process) {
        this.process = process;
    }

    /** Starts it, and returns when it listens. */
    static TargetProcess start(String path, String faults) throws IOException {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", System.getProperty("java.class.path"),
            TargetProcess.class.getName(), path, faults).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        if (process.getInputStream().read() < 0) {
            throw new IOException("the process of the target has ended");
        }
        return new TargetProcess(process);
    }

    /** Serves until it is killed, or whoever started it is gone. */
    public static void main(String[] arguments) throws IOException {
        try (BlockTarget target = new BlockTarget(TargetOptions.ram(arguments[0], 1 << 20).withFaults(arguments[1]))) {
            System.out.println(target.dto().path);
            System.in.read();
        }
    }

    /** Kills it: none of its code runs any more. */
    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().join();
    }
}
