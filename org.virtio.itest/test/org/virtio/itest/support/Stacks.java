// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What everybody was doing when something took too long, for failures that cannot be had again. */
public final class Stacks {
    /** Less than the time that a back end has for an answer, after which all that waited goes on. */
    private static final long PATIENCE_MILLIS = TimeUnit.SECONDS.toMillis(4);
    private static final int OWN_FRAMES = 12;
    private static final int OTHER_FRAMES = 3;

    private Stacks() {
    }

    /** Does something; if it fails, adds to its message what all threads did after four seconds, or else at its end. */
    public static <T> T watch(String what, Callable<T> action) {
        return watch(what, action, PATIENCE_MILLIS);
    }

    static <T> T watch(String what, Callable<T> action, long patienceMillis) {
        String[] seen = new String[1];
        Thread watcher = new Thread(() -> {
            try {
                Thread.sleep(patienceMillis);
                seen[0] = "after " + patienceMillis + " ms:\n" + dump();
            } catch (InterruptedException e) {
                // It was quick enough.
            }
        }, "watcher");
        watcher.setDaemon(true);
        watcher.start();
        try {
            return action.call();
        } catch (Exception | AssertionError e) {
            end(watcher);
            throw Failures.in(what, new AssertionError(e + "\n" + (seen[0] == null ? "when it failed:\n" + dump() : seen[0]), e));
        } finally {
            end(watcher);
        }
    }

    private static void end(Thread watcher) {
        watcher.interrupt();
        try {
            watcher.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** All threads, this project's first and with more of their frames; then the threads of child processes. */
    static String dump() {
        Map<Thread, StackTraceElement[]> stacks = Thread.getAllStackTraces();
        Stream<String> threads = stacks.entrySet().stream()
            .sorted(Comparator.comparing((Map.Entry<Thread, ?> entry) -> !isOwn(entry.getKey()))
                .thenComparing(entry -> entry.getKey().getName()))
            .map(entry -> line(entry.getKey(), entry.getValue()));
        Stream<String> children = ProcessHandle.current().descendants().flatMap(Stacks::tasks);
        return Stream.of(Stream.of("load " + read(Path.of("/proc/loadavg"))), threads, children).flatMap(lines -> lines)
            .collect(Collectors.joining("\n"));
    }

    private static boolean isOwn(Thread thread) {
        return thread.getName().startsWith("virtio") || thread.getName().startsWith("vhost");
    }

    private static String line(Thread thread, StackTraceElement[] frames) {
        return thread.getName() + " " + thread.getState() + Arrays.stream(frames)
            .limit(isOwn(thread) ? OWN_FRAMES : OTHER_FRAMES)
            .map(frame -> " < " + frame.getClassName().replaceAll(".*\\.", "") + "." + frame.getMethodName() + ":"
                + frame.getLineNumber())
            .collect(Collectors.joining());
    }

    /** Each thread of a process: proc(5), its name, its state, and where in the kernel it waits. */
    private static Stream<String> tasks(ProcessHandle process) {
        try (Stream<Path> tasks = Files.list(Path.of("/proc", Long.toString(process.pid()), "task"))) {
            return tasks.map(task -> "process " + process.pid() + " " + read(task.resolve("stat")).replaceAll("(\\) .).*", "$1")
                + " " + read(task.resolve("wchan"))).toList().stream();
        } catch (IOException e) {
            return Stream.of("process " + process.pid() + " has ended");
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            return "?";
        }
    }
}
