// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.run;

import java.util.ArrayList;
import java.util.List;
import org.apache.felix.gogo.runtime.Parser;
import org.apache.felix.gogo.runtime.Parser.Executable;
import org.apache.felix.gogo.runtime.Parser.Operator;
import org.apache.felix.gogo.runtime.Token;

/** Takes a Gogo script apart, because a session gives back the result of the last statement alone. */
final class Statements {
    private Statements() {
    }

    /**
     * The statements of a script, each of which can be executed by itself: what stands between semicolons or on lines of its
     * own. Pipes, and statements that depend on others by {@code &&} or {@code ||}, stay together.
     */
    static List<String> of(CharSequence script) {
        List<String> statements = new ArrayList<>();
        StringBuilder statement = new StringBuilder();
        for (Executable part : new Parser(script).program().tokens()) {
            if (part instanceof Operator && (Token.eq(";", part) || Token.eq("\n", part))) {
                statements.add(statement.toString());
                statement.setLength(0);
            } else {
                statement.append(statement.length() == 0 ? "" : " ").append(part);
            }
        }
        statements.add(statement.toString());
        statements.removeIf(String::isBlank);
        return statements;
    }
}
