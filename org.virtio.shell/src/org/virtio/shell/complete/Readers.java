// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.complete;

import java.util.Collections;
import java.util.Set;
import java.util.WeakHashMap;
import org.jline.reader.impl.LineReaderImpl;

/** The readers of lines that were given a completer; those of sessions that have ended are forgotten. */
final class Readers {
    private final Set<LineReaderImpl> given = Collections.newSetFromMap(new WeakHashMap<>());

    void give(Object reader, Candidates candidates) {
        if (reader instanceof LineReaderImpl lines && given.add(lines)) {
            lines.setCompleter(new ArgumentCompleter(lines.getCompleter(), candidates));
        }
    }

    void takeBack() {
        for (LineReaderImpl lines : given) {
            if (lines.getCompleter() instanceof ArgumentCompleter ours) {
                lines.setCompleter(ours.original());
            }
        }
    }
}
