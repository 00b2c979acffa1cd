// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.access;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a PCI function is, as Linux names it: {@code 0000:00:05.0}.
 *
 * @param domain   0 to 0xffffffff
 * @param bus      0 to 255
 * @param device   0 to 31
 * @param function 0 to 7
 */
public record PciAddress(long domain, int bus, int device, int function) implements Comparable<PciAddress> {
    private static final Pattern FORM = Pattern.compile("([0-9a-f]{4,8}):([0-9a-f]{2}):([01][0-9a-f])\\.([0-7])");
    private static final int HEX = 16;

    /**
     * Parses an address.
     *
     * @throws IllegalArgumentException with the text and what was expected, if it is not of the form above, in lower case
     */
    public static PciAddress parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text
                + "' is no PCI address; expected domain:bus:device.function in lower-case hexadecimal, such as 0000:00:05.0");
        }
        return new PciAddress(Long.parseLong(matcher.group(1), HEX), Integer.parseInt(matcher.group(2), HEX),
            Integer.parseInt(matcher.group(3), HEX), Integer.parseInt(matcher.group(4), HEX));
    }

    @Override
    public int compareTo(PciAddress other) {
        return Long.compare(number(), other.number());
    }

    private long number() {
        return (domain << 8 | bus) << 8 | device << 3 | function;
    }

    /** The address as {@link #parse} takes it. */
    @Override
    public String toString() {
        return String.format("%04x:%02x:%02x.%x", domain, bus, device, function);
    }
}
