// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.data;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.virtio.shell.CommandException;

/** Bytes as they are typed. */
final class Bytes {
    private static final String HEXADECIMAL = "0x";

    private Bytes() {
    }

    /** {@code 0x} and an even number of hexadecimal digits, or else a text, in UTF-8. */
    static byte[] parse(String text) throws CommandException {
        if (text.isEmpty()) {
            throw new CommandException("there is nothing to write; expected a text, or bytes such as 0xcafe");
        }
        if (!text.startsWith(HEXADECIMAL)) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
        try {
            return HexFormat.of().parseHex(text, HEXADECIMAL.length(), text.length());
        } catch (IllegalArgumentException e) {
            throw new CommandException("'" + text + "' is no row of bytes; expected pairs of hexadecimal digits after 0x", e);
        }
    }
}
