// SPDX-License-Identifier: Apache-2.0
package org.virtio.karaf;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** An Apache Karaf as it is distributed, which begins anew each time, reaches no network and listens on loopback alone. */
final class Karaf implements AutoCloseable {
    private static final Path HOME = Path.of(System.getProperty("karaf.home"));

    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final Path base;
    private final Prompt prompt;

    /** Starts one that keeps what it has in that directory. */
    Karaf(Path directory) throws IOException {
        base = Files.createDirectory(directory.resolve("karaf"));
        try (Stream<Path> files = Files.walk(HOME.resolve("etc"))) {
            for (Path file : files.toList()) {
                Files.copy(file, base.resolve(HOME.relativize(file).toString()));
            }
        }
        set("org.apache.karaf.shell.cfg", "sshHost=127.0.0.1", "sshPort=0");
        set("org.apache.karaf.management.cfg", "rmiRegistryPort=" + freePort(), "rmiServerPort=0");
        set("org.ops4j.pax.url.mvn.cfg", "org.ops4j.pax.url.mvn.repositories=",
            "org.ops4j.pax.url.mvn.localRepository=" + directory.resolve("empty"));
        // The home is other tests' as well.
        prompt = new Prompt(HOME.resolve("bin/karaf"), directory, Map.of("KARAF_BASE", base.toString(),
            "CHECK_ROOT_INSTANCE_RUNNING", "false", "KARAF_SYSTEM_OPTS", "-Dkaraf.instances=" + base.resolve("instances")));
        awaitCommands();
    }

    /** The prompt is there before all of the commands, which come one by one. */
    private void awaitCommands() throws IOException {
        for (String command : List.of("bundle:list", "feature:repo-list", "kar:list", "log:get", "service:list",
                "system:version")) {
            await(command, output -> !output.contains("Command not found"));
        }
    }

    /** Types a command until it prints what it is to. */
    void await(String command, Predicate<String> expected) throws IOException {
        long end = System.nanoTime() + LIMIT_NANOS;
        for (String output = run(command); !expected.test(output); output = run(command)) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError(command + " still prints: " + output);
            }
        }
    }

    private void set(String file, String... lines) throws IOException {
        // Of two lines for a key the last one holds.
        Files.write(etc(file), List.of(lines), StandardOpenOption.APPEND);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** Types a command, and returns what it prints. */
    String run(String command) throws IOException {
        return prompt.run(command);
    }

    /** The same for one that takes long. */
    String run(String command, long limitSeconds) throws IOException {
        return prompt.run(command, limitSeconds);
    }

    /** A file of its configuration. */
    Path etc(String file) {
        return base.resolve("etc").resolve(file);
    }

    /** The lines of its log. */
    List<String> log() throws IOException {
        return Files.readAllLines(base.resolve("data/log/karaf.log"));
    }

    /** Names and versions of all bundles. */
    Set<String> bundles() throws IOException {
        Set<String> bundles = new TreeSet<>();
        for (String line : run("bundle:list -t 0 -s --no-format").lines().toList()) {
            String[] columns = line.split("\t");
            if (columns.length > 4) {
                bundles.add(columns[4].strip() + " " + columns[3].strip() + " " + columns[1].strip());
            }
        }
        return bundles;
    }

    /** What its process holds of what these bundles use: names of threads, kinds of descriptors, mappings of shared memory. */
    List<String> held() throws IOException {
        Path process = Path.of("/proc", Long.toString(prompt.java().pid()));
        List<String> held = new ArrayList<>();
        for (Path thread : list(process.resolve("task"))) {
            String name = name(thread);
            if (name.startsWith("virtio") || name.startsWith("vhost")) {
                held.add("thread " + name);
            }
        }
        for (Path descriptor : list(process.resolve("fd"))) {
            String target = target(descriptor);
            if (target.contains("eventfd") || target.contains("eventpoll") || target.contains("memfd:")) {
                held.add("descriptor " + target);
            } else if (target.startsWith("socket:")) {
                held.add("descriptor socket");
            }
        }
        try (Stream<String> maps = Files.lines(process.resolve("maps"))) {
            maps.filter(line -> line.contains("/memfd:")).forEach(line -> held.add("mapping " + line));
        }
        held.sort(null);
        return held;
    }

    /** Waits until it holds no more than then; threads end a moment after they were told to. */
    void awaitHeldNoMoreThan(List<String> then) throws IOException {
        long end = System.nanoTime() + LIMIT_NANOS;
        List<String> more = held();
        then.forEach(more::remove);
        while (!more.isEmpty()) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("something was left: " + more);
            }
            LockSupport.parkNanos(PAUSE_NANOS);
            more = held();
            then.forEach(more::remove);
        }
    }

    /** Waits until something has made a file. */
    void awaitFile(Path file) {
        long end = System.nanoTime() + LIMIT_NANOS;
        while (!Files.exists(file)) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("nobody made " + file);
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    private static List<Path> list(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }

    private static String name(Path thread) {
        try {
            return Files.readString(thread.resolve("comm")).strip();
        } catch (IOException e) {
            // Ended since it was listed.
            return "";
        }
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            // Closed since it was listed.
            return "";
        }
    }

    @Override
    public void close() {
        prompt.close();
    }
}
