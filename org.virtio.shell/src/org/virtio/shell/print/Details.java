// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.print;

import java.util.List;

/** A title and lines of labels and values below it. */
public final class Details {
    private static final int LABEL = 21;
    private static final int WIDTH = 110;

    private final StringBuilder text;

    /** Begins with the title. */
    public Details(String title) {
        text = new StringBuilder(title);
    }

    /** Adds a line; nothing if there is no value. */
    public Details add(String label, Object value) {
        if (value != null) {
            text.append("\n  ").append(label).append(" ".repeat(Math.max(1, LABEL - label.length()))).append(value);
        }
        return this;
    }

    /** Adds words, in as many lines as they need; a dash if there are none. */
    public Details addAll(String label, List<String> words) {
        StringBuilder line = new StringBuilder();
        String next = label;
        for (String word : words) {
            if (line.length() + word.length() > WIDTH - LABEL) {
                add(next, line);
                line.setLength(0);
                next = "";
            }
            line.append(line.isEmpty() ? "" : " ").append(word);
        }
        return add(next, line.isEmpty() ? "-" : line);
    }

    /** Adds lines, the first with the label. */
    public Details addLines(String label, List<String> lines) {
        String next = label;
        for (String line : lines) {
            add(next, line);
            next = "";
        }
        return this;
    }

    /** All lines, without a line end after the last. */
    @Override
    public String toString() {
        return text.toString();
    }
}
