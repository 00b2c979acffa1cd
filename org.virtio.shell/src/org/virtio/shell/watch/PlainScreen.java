// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.watch;

import java.io.PrintStream;
import java.nio.charset.Charset;
import java.util.concurrent.TimeUnit;

/** A file, a pipe, or what else is no terminal: one table after the other, with an empty line between them. */
final class PlainScreen implements Screen {
    private final PrintStream out;
    private final PrintStream console;
    private boolean first = true;

    /**
     * Writes to a stream.
     *
     * @param console where the session's output goes in the end: Gogo hides its errors from {@code out}
     */
    PlainScreen(PrintStream out, PrintStream console) {
        this.out = out;
        this.console = console;
    }

    @Override
    public boolean replaces() {
        return false;
    }

    @Override
    public Charset charset() {
        return Charset.defaultCharset();
    }

    /** Whoever read a pipe may have seen enough: then there is an error. */
    @Override
    public boolean show(String lines) {
        out.print((first ? "" : "\n") + lines + "\n");
        first = false;
        return !out.checkError() && !console.checkError();
    }

    @Override
    public boolean pause(long nanos) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(nanos);
        return true;
    }

    /** The stream is the session's. */
    @Override
    public void close() {
        out.flush();
    }
}
