// SPDX-License-Identifier: Apache-2.0
package org.virtio.karaf;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A program with a prompt, at a terminal of its own, used as somebody at the keyboard does. */
final class Prompt implements AutoCloseable {
    /** Far longer than almost any command takes. */
    static final long LIMIT_SECONDS = 120;

    /** JLine switches bracketed paste on when it begins to read a line, and off when it has one. */
    private static final String READS = "\u001b[?2004h";
    private static final String HAS_READ = "\u001b[?2004l";

    private final Process process;
    private final StringBuilder screen = new StringBuilder();
    private int seen;

    /**
     * Starts the program and waits for its prompt.
     *
     * @param program     the path of the program
     * @param directory   where it runs
     * @param environment what it finds in its environment besides
     */
    Prompt(Path program, Path directory, Map<String, String> environment) throws IOException {
        // A terminal without a size is one in which JLine looks for the end of the line forever.
        String command = "stty cols 200 rows 50; exec '" + program + "'";
        ProcessBuilder builder = new ProcessBuilder("script", "-qec", command, "/dev/null")
            .directory(directory.toFile()).redirectErrorStream(true);
        builder.environment().put("TERM", "xterm");
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().putAll(environment);
        process = builder.start();
        Thread reader = new Thread(this::read, "screen");
        reader.setDaemon(true);
        reader.start();
        awaitOutput(READS, LIMIT_SECONDS);
    }

    private void read() {
        byte[] bytes = new byte[8192];
        try (InputStream out = process.getInputStream()) {
            for (int count = out.read(bytes); count >= 0; count = out.read(bytes)) {
                synchronized (screen) {
                    screen.append(new String(bytes, 0, count, StandardCharsets.UTF_8));
                    screen.notifyAll();
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Types a line, in which a tab is the Tab key, and returns what is printed until the next prompt. */
    String run(String line) throws IOException {
        return run(line, LIMIT_SECONDS);
    }

    /** The same for what takes longer. */
    String run(String line, long limitSeconds) throws IOException {
        process.getOutputStream().write((line + "\r").getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().flush();
        awaitOutput(HAS_READ, LIMIT_SECONDS);
        return plain(awaitOutput(READS, limitSeconds));
    }

    /** What comes before the next such text, which is passed over. */
    private String awaitOutput(String text, long limitSeconds) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(limitSeconds);
        synchronized (screen) {
            int found = screen.indexOf(text, seen);
            while (found < 0) {
                long millis = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
                if (millis <= 0 || !process.isAlive()) {
                    throw new AssertionError("the prompt does not come back; the screen ends with: "
                        + plain(screen.substring(Math.max(0, screen.length() - 4000))));
                }
                try {
                    // Woken by output; not for ever, because a program that has ended prints nothing.
                    screen.wait(Math.min(millis, 1000));
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                found = screen.indexOf(text, seen);
            }
            String before = screen.substring(seen, found);
            seen = found + text.length();
            return before;
        }
    }

    /** The text alone: without colours and the like, and with the vertical lines of tables as such. */
    private static String plain(String text) {
        String plain = text.replace("\u001b(0x\u001b(B", "|").replaceAll("\u001b\\[[0-9;?]*[A-Za-z]|\u001b[=>]|\u001b\\(B", "")
            .replace("\r\n", "\n");
        // Before a prompt JLine prints a tilde that the next character overwrites, unless the output ended within a line.
        return plain.replaceAll("~? *\r.*", "").strip();
    }

    /** The process of the JVM. */
    ProcessHandle java() {
        return process.descendants().filter(child -> child.info().command().orElse("").endsWith("/java")).findFirst()
            .orElseThrow(() -> new AssertionError("no Java runs below process " + process.pid()));
    }

    @Override
    public void close() {
        List<ProcessHandle> all = process.descendants().toList();
        all.forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        all.forEach(child -> child.onExit().join());
    }
}
