// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.run;

import java.io.InputStream;
import java.io.PrintStream;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Converter;

/** Runs commands in a session of its own and prints what they return. */
final class CommandScript {
    private static final String SCOPE = "virtio:gogo:*";

    private final CommandProcessor processor;
    private final InputStream in;
    private final PrintStream out;
    private final PrintStream err;

    CommandScript(CommandProcessor processor, InputStream in, PrintStream out, PrintStream err) {
        this.processor = processor;
        this.in = in;
        this.out = out;
        this.err = err;
    }

    /** Runs the commands up to the first that fails. Returns the exit status: 0, or 1 if one failed. */
    int run(String commands) {
        try (CommandSession session = processor.createSession(in, out, err)) {
            session.put("SCOPE", SCOPE);
            session.put(CommandSession.OPTION_NO_GLOB, true);
            for (String statement : Statements.of(commands)) {
                print(session, session.execute(statement));
            }
            return 0;
        } catch (Exception e) {
            err.println("virtio: " + message(e));
            return 1;
        } finally {
            out.flush();
        }
    }

    private void print(CommandSession session, Object result) {
        if (result != null) {
            String text = session.format(result, Converter.INSPECT).toString();
            out.println(text.endsWith("\n") ? text.substring(0, text.length() - 1) : text);
        }
    }

    // Exceptions of the commands and of Gogo itself are made to be read; of others the class is half of what they say.
    private static String message(Exception e) {
        boolean gogo = e.getClass().getName().startsWith("org.apache.felix.gogo.") && e.getMessage() != null;
        return gogo ? e.getMessage() : e.toString();
    }
}
