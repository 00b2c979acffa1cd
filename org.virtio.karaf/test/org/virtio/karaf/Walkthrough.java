// SPDX-License-Identifier: Apache-2.0
package org.virtio.karaf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** The steps of a document: what stands after a prompt in its console blocks, and below it what comes of that. */
final class Walkthrough {
    private static final String FENCE = "```";
    private static final String BEGIN = FENCE + "console";
    private static final String SHELL = "$ ";
    private static final String KARAF = "karaf@root()> ";
    private static final String ANYTHING = "…";

    private Walkthrough() {
    }

    /**
     * A command and what it prints.
     *
     * @param line     of the document
     * @param karaf    whether it is typed into Karaf, or else into the shell of the system
     * @param command  the command
     * @param expected the lines that it prints; in one, or as one, an ellipsis stands for anything
     */
    record Step(int line, boolean karaf, String command, List<String> expected) {
        /** Whether this is what it prints; how wide a column is does not matter, because it depends on the lengths of paths. */
        boolean fits(String output) {
            StringBuilder pattern = new StringBuilder();
            for (String text : expected) {
                pattern.append(text.equals(ANYTHING) ? "(.*\n)*"
                    : Pattern.quote(collapse(text)).replace(ANYTHING, "\\E.*\\Q") + "\n");
            }
            List<String> lines = output.lines().filter(line -> !line.isBlank()).map(Step::collapse).toList();
            return Pattern.matches(pattern.toString(), lines.isEmpty() ? "" : String.join("\n", lines) + "\n");
        }

        private static String collapse(String line) {
            return line.strip().replaceAll("\\s+", " ");
        }
    }

    /** The steps of a document. */
    static List<Step> steps(Path document) throws IOException {
        List<Step> steps = new ArrayList<>();
        boolean console = false;
        int number = 0;
        for (String line : Files.readAllLines(document)) {
            number++;
            if (line.startsWith(FENCE)) {
                console = line.equals(BEGIN);
            } else if (console && line.startsWith(SHELL)) {
                steps.add(new Step(number, false, line.substring(SHELL.length()), new ArrayList<>()));
            } else if (console && line.startsWith(KARAF)) {
                steps.add(new Step(number, true, line.substring(KARAF.length()), new ArrayList<>()));
            } else if (console) {
                steps.get(steps.size() - 1).expected().add(line);
            }
        }
        return steps;
    }
}
