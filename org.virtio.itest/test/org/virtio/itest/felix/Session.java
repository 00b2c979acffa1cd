// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.felix;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Converter;

/** A session of the shell, in which commands run as at a prompt. */
public final class Session implements AutoCloseable {
    private final CommandSession session;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** Begins one. */
    public Session(Virtio virtio) {
        session = virtio.service(CommandProcessor.class).createSession(new ByteArrayInputStream(new byte[0]),
            new PrintStream(out), new PrintStream(OutputStream.nullOutputStream()));
    }

    /** What a command returns. */
    public Object run(String command) throws Exception {
        return session.execute(command);
    }

    /** What a prompt prints of it. */
    public String text(String command) throws Exception {
        return session.format(run(command), Converter.INSPECT).toString().strip();
    }

    /** What a command prints while it runs. */
    public String printed(String command) throws Exception {
        out.reset();
        run(command);
        return out.toString(Charset.defaultCharset());
    }

    @Override
    public void close() {
        session.close();
    }
}
