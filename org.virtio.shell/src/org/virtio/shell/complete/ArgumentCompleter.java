// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.complete;

import java.util.List;
import org.jline.reader.Candidate;
import org.jline.reader.Completer;
import org.jline.reader.LineReader;
import org.jline.reader.ParsedLine;

/**
 * Adds arguments of this project's commands to what a prompt completes.
 *
 * @param original   what the prompt completes
 * @param candidates what else there is
 */
record ArgumentCompleter(Completer original, Candidates candidates) implements Completer {
    @Override
    public void complete(LineReader reader, ParsedLine line, List<Candidate> all) {
        if (original != null) {
            original.complete(reader, line, all);
        }
        if (line.wordIndex() == 1) {
            for (String value : candidates.of(line.words().get(0), line.word().substring(0, line.wordCursor()))) {
                // What these end with goes on, without a space.
                boolean whole = !value.endsWith("/") && !value.endsWith(":");
                all.add(new Candidate(value, value, null, null, null, null, whole));
            }
        }
    }
}
