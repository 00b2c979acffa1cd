// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A number of bytes as it is typed: {@code 512}, {@code 4k}, {@code 64M}, {@code 1G}, {@code 0x200}; units are powers of
 * 1024. Gogo makes one of any word; whether it is a size comes out when it is asked for its bytes, where an error can say
 * what the word was for.
 */
public final class Size {
    private static final Pattern DECIMAL = Pattern.compile("(\\d{1,19})([kKmMgGtT])?(i?[bB])?");
    private static final Pattern HEXADECIMAL = Pattern.compile("0[xX]([0-9a-fA-F]{1,15})");
    private static final String UNITS = "KMGT";

    private final String text;

    /** What was typed; Gogo makes null of the word null. */
    public Size(String text) {
        this.text = String.valueOf(text);
    }

    /**
     * The bytes.
     *
     * @param what names the argument in an error
     * @param min  the least allowed
     * @param max  the greatest allowed
     */
    public long bytes(String what, long min, long max) throws CommandException {
        long bytes = parse(what);
        if (bytes < min || bytes > max) {
            throw new CommandException(what + " " + text + " is not from " + min + " to " + max + " bytes");
        }
        return bytes;
    }

    private long parse(String what) throws CommandException {
        Matcher hexadecimal = HEXADECIMAL.matcher(text);
        if (hexadecimal.matches()) {
            return Long.parseLong(hexadecimal.group(1), 16);
        }
        Matcher decimal = DECIMAL.matcher(text);
        try {
            if (decimal.matches()) {
                String unit = decimal.group(2);
                int shift = unit == null ? 0 : 10 * (1 + UNITS.indexOf(Character.toUpperCase(unit.charAt(0))));
                return Math.multiplyExact(Long.parseLong(decimal.group(1)), 1L << shift);
            }
        } catch (ArithmeticException | NumberFormatException e) {
            throw new CommandException(what + " " + text + " is more bytes than there can be", e);
        }
        throw new CommandException(what + " '" + text + "' is no size; expected bytes such as 512, 4k, 64M, 1G or 0x200");
    }

    /** What was typed. */
    @Override
    public String toString() {
        return text;
    }
}
