// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.watch;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.List;
import org.jline.terminal.Attributes;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.Terminal.SignalHandler;
import org.jline.utils.NonBlockingReader;

/**
 * A terminal: a table takes the place of the one before, and any key ends it. So does Ctrl-C, by a handler in place of Gogo's:
 * that one would begin the next prompt, with the terminal as it is now, before it is put back.
 */
final class TerminalScreen implements Screen {
    private static final long LOOK_NANOS = 100_000_000;
    private static final long MILLI = 1_000_000;

    private final Terminal terminal;
    private final SignalHandler interrupt;
    private final Attributes attributes;
    private volatile boolean ended;
    private int shown;

    TerminalScreen(Terminal terminal) {
        this.terminal = terminal;
        interrupt = terminal.handle(Signal.INT, signal -> ended = true);
        attributes = terminal.enterRawMode();
    }

    @Override
    public boolean replaces() {
        return true;
    }

    @Override
    public Charset charset() {
        return terminal.encoding();
    }

    @Override
    public boolean show(String text) {
        List<String> lines = fit(text.lines().toList(), terminal.getWidth(), terminal.getHeight());
        PrintWriter writer = terminal.writer();
        writer.print(shown == 0 ? "" : "\033[" + shown + "A\r\033[J");
        lines.forEach(line -> writer.print(line + "\n"));
        terminal.flush();
        shown = lines.size();
        return true;
    }

    /** What was wrapped or scrolled away could not be replaced. The size is 0 if it is not known. */
    static List<String> fit(List<String> lines, int width, int height) {
        List<String> shown = height <= 2 || lines.size() < height ? lines : lines.subList(0, height - 1);
        return width <= 0 ? shown : shown.stream().map(line -> line.substring(0, Math.min(width, line.length()))).toList();
    }

    @Override
    public boolean pause(long nanos) throws InterruptedException {
        long end = System.nanoTime() + nanos;
        long left = nanos;
        do {
            if (ended || isKeyPressed(Math.max(1, Math.min(left, LOOK_NANOS) / MILLI))) {
                return false;
            }
            left = end - System.nanoTime();
        } while (left > 0);
        return true;
    }

    private boolean isKeyPressed(long millis) throws InterruptedException {
        try {
            NonBlockingReader keys = terminal.reader();
            int key = keys.read(millis);
            // Some keys are several characters, and the next prompt shall have none of them.
            for (int more = key; more >= 0;) {
                more = keys.read(1);
            }
            return key != NonBlockingReader.READ_EXPIRED;
        } catch (IOException e) {
            if (Thread.interrupted()) {
                throw new InterruptedException(e.getMessage());
            }
            return true;
        }
    }

    @Override
    public void close() {
        terminal.setAttributes(attributes);
        terminal.handle(Signal.INT, interrupt);
    }
}
