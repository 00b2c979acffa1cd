// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell;

import java.io.PrintStream;
import org.apache.felix.service.command.CommandSession;
import org.virtio.shell.print.Units;

/** A progress bar on a terminal, drawn a few times per second; nothing where there is no terminal. */
public final class Progress implements AutoCloseable {
    /** The system property that says whether standard error is a terminal, for commands that run without a prompt. */
    static final String TERMINAL = "virtio.progress";

    private static final int WIDTH = 40;
    private static final long INTERVAL_NANOS = 100_000_000;
    private static final String ERASE = "\r\033[K";

    private final PrintStream terminal;
    private final String label;
    private final long total;
    private long lastDrawn;

    private Progress(PrintStream terminal, String label, long total) {
        this.terminal = terminal;
        this.label = label;
        this.total = total;
        this.lastDrawn = System.nanoTime();
    }

    /** Progress towards a total, on the terminal of the session if it has one. */
    public static Progress of(CommandSession session, String label, long total) {
        Object type = session.get("TERM");
        boolean shown = type == null ? Boolean.getBoolean(TERMINAL) : !type.toString().startsWith("dumb");
        return new Progress(shown ? System.err : null, label, total);
    }

    /**
     * Draws the bar, if it was not drawn just now.
     *
     * @param done towards the total
     * @param note what to say behind the bar
     */
    public void update(long done, String note) {
        long now = System.nanoTime();
        if (terminal != null && now - lastDrawn >= INTERVAL_NANOS) {
            lastDrawn = now;
            terminal.print(ERASE + bar(label, done, total) + "  " + note);
            terminal.flush();
        }
    }

    /** As {@link #update(long, String)}, for bytes: says how many per second. */
    public void bytes(long done, long nanos) {
        update(done, Units.rate(done, nanos));
    }

    static String bar(String label, long done, long total) {
        double part = total <= 0 ? 1 : Math.min(1, (double) done / total);
        int filled = (int) (part * WIDTH);
        return String.format("%-10s [%s%s] %3d%%", label, "#".repeat(filled), ".".repeat(WIDTH - filled), (int) (part * 100));
    }

    /** Takes the bar away; not after an interrupt, when Gogo has gone on to its next prompt already. */
    @Override
    public void close() {
        if (terminal != null && !Thread.currentThread().isInterrupted()) {
            terminal.print(ERASE);
            terminal.flush();
        }
    }
}
