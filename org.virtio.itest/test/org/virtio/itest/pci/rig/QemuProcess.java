// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.virtio.itest.support.Await;
import org.virtio.itest.support.Programs;
import org.virtio.itest.support.Qmp;

/** A running QEMU, with its output in a file. Thread-safe. */
final class QemuProcess implements AutoCloseable {
    private static final String PROGRAM = "qemu-system-x86_64";
    private static final long DYING_MILLIS = 1000;

    private final Process process;
    private final Path log;
    private final Thread atExit;

    private QemuProcess(Process process, Path log) {
        this.process = process;
        this.log = log;
        this.atExit = new Thread(process::destroyForcibly, "qtest at exit");
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    /**
     * Starts it.
     *
     * @param directory where its log goes
     */
    static QemuProcess start(Path directory, List<String> arguments) throws IOException {
        Path log = directory.resolve("log");
        List<String> command = new ArrayList<>(List.of(Programs.find(PROGRAM, "qemu-system-x86")));
        command.addAll(arguments);
        return new QemuProcess(new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start(), log);
    }

    /**
     * Waits for the greeting of its monitor.
     *
     * @throws IOException if it dies before that
     */
    Qmp connect(Path monitor) throws IOException {
        return await("QEMU's monitor greets",
            () -> Files.exists(monitor) && Programs.isAtRest(process) ? Qmp.connect(monitor) : null);
    }

    /**
     * Waits for something that it does when it starts.
     *
     * @param source gives null, or fails, until it has done that
     * @throws IOException if it dies before that
     */
    <T> T await(String what, Callable<T> source) throws IOException {
        return Await.value(what + ", or has ended", () -> {
            boolean alive = isAlive();
            Optional<T> value = Optional.ofNullable(attempt(source));
            return value.isPresent() || !alive ? value : null;
        }).orElseThrow(() -> new IOException(end()));
    }

    private static <T> T attempt(Callable<T> source) throws Exception {
        try {
            return source.call();
        } catch (IOException e) {
            // Such as a socket that is bound, but nobody listens on it yet.
            return null;
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** The failure of something that QEMU was asked to do; if it has died, with what it has printed. */
    IOException explain(String what, IOException failure) {
        boolean dead;
        try {
            // The connection ends a moment before the process does.
            dead = process.waitFor(DYING_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            dead = !process.isAlive();
        }
        return new IOException(what + ": " + (dead ? end() : failure.getMessage()), failure);
    }

    private String end() {
        String printed;
        try {
            printed = Files.readString(log).strip();
        } catch (IOException e) {
            printed = "its log is gone";
        }
        return PROGRAM + " ended with " + process.exitValue() + ": " + printed;
    }

    /** Ends it without giving it a chance to tidy up: SIGKILL. */
    void kill() {
        process.destroyForcibly();
        try {
            if (!process.waitFor(Await.LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError(PROGRAM + " with id " + process.pid() + " does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        kill();
        Runtime.getRuntime().removeShutdownHook(atExit);
    }
}
