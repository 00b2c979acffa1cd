// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A length of time as it is typed: {@code 500ms}, {@code 1s}, {@code 2.5s}, {@code 1m}; a bare number is in seconds. */
public final class Span {
    private static final Pattern FORM = Pattern.compile("(\\d{1,9}(?:[.]\\d{1,3})?)(ms|s|m)?");

    private final String text;

    /** What was typed; Gogo makes null of the word null. */
    public Span(String text) {
        this.text = String.valueOf(text);
    }

    /**
     * The time in nanoseconds.
     *
     * @param what names the argument in an error
     * @param min  the least allowed
     * @param max  the greatest allowed
     * @throws CommandException if it is no time, or not within these
     */
    public long nanos(String what, Duration min, Duration max) throws CommandException {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new CommandException(what + " '" + text + "' is no time; expected such as 500ms, 1s or 2m");
        }
        String unit = matcher.group(2) == null ? "s" : matcher.group(2);
        double nanos = Double.parseDouble(matcher.group(1)) * (unit.equals("ms") ? 1e6 : unit.equals("s") ? 1e9 : 60e9);
        if (nanos < min.toNanos() || nanos > max.toNanos()) {
            throw new CommandException(what + " " + text + " is not from " + words(min) + " to " + words(max));
        }
        return Math.round(nanos);
    }

    private static String words(Duration time) {
        long millis = time.toMillis();
        return millis % 60_000 == 0 ? millis / 60_000 + "m" : millis % 1_000 == 0 ? millis / 1_000 + "s" : millis + "ms";
    }

    /** What was typed. */
    @Override
    public String toString() {
        return text;
    }
}
