// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.print;

import java.util.Arrays;

/** Bytes as {@code hexdump -C} prints them. */
public final class HexDump {
    private static final int WIDTH = 16;

    private HexDump() {
    }

    /** Lines of 16 bytes with their position; lines that repeat the one before are one asterisk; the end stands last. */
    public static String of(byte[] bytes, long position) {
        StringBuilder text = new StringBuilder();
        boolean repeating = false;
        for (int at = 0; at < bytes.length; at += WIDTH) {
            if (repeats(bytes, at)) {
                text.append(repeating ? "" : "*\n");
                repeating = true;
            } else {
                line(text, bytes, at, position);
                repeating = false;
            }
        }
        return text.append(offset(position + bytes.length)).toString();
    }

    private static boolean repeats(byte[] bytes, int at) {
        return at > 0 && at + WIDTH <= bytes.length
            && Arrays.equals(bytes, at - WIDTH, at, bytes, at, at + WIDTH);
    }

    private static void line(StringBuilder text, byte[] bytes, int at, long position) {
        text.append(offset(position + at)).append(' ');
        for (int i = at; i < at + WIDTH; i++) {
            text.append(i == at + WIDTH / 2 ? "  " : " ");
            text.append(i < bytes.length ? String.format("%02x", bytes[i]) : "  ");
        }
        text.append("  |");
        for (int i = at; i < Math.min(at + WIDTH, bytes.length); i++) {
            text.append(bytes[i] >= ' ' && bytes[i] <= '~' ? (char) bytes[i] : '.');
        }
        text.append("|\n");
    }

    private static String offset(long position) {
        return String.format("%08x", position);
    }
}
