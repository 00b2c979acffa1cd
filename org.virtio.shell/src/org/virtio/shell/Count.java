// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell;

/** A whole number as it is typed; as with {@link Size}, whether it is one comes out when it is asked for its value. */
public final class Count {
    private final String text;

    /** What was typed; Gogo makes null of the word null. */
    public Count(String text) {
        this.text = String.valueOf(text);
    }

    /**
     * The number.
     *
     * @param what names the argument in an error
     * @param min  the least allowed
     * @param max  the greatest allowed
     */
    public long value(String what, long min, long max) throws CommandException {
        try {
            long value = Long.decode(text);
            if (value >= min && value <= max) {
                return value;
            }
        } catch (NumberFormatException e) {
            // The one message below covers this too.
        }
        throw new CommandException(what + " '" + text + "' is no whole number from " + min + " to " + max);
    }

    /** The number, where it fits into an int. */
    public int intValue(String what, int min, int max) throws CommandException {
        return (int) value(what, min, max);
    }

    /** What was typed. */
    @Override
    public String toString() {
        return text;
    }
}
