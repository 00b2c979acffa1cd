// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.print;

import java.util.Locale;

/** Numbers for people to read. */
public final class Units {
    private static final String[] BYTES = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    private Units() {
    }

    /** Bytes in the largest unit of which there is at least one: {@code 512 bytes}, {@code 64 MiB}, {@code 1.5 GiB}. */
    public static String bytes(long bytes) {
        int unit = 0;
        double value = bytes;
        while (value >= 1024 && unit < BYTES.length - 1) {
            value /= 1024;
            unit++;
        }
        return (value == Math.rint(value) ? number((long) value) : decimal(value, 1)) + " " + BYTES[unit];
    }

    /** Bytes per second. */
    public static String rate(long bytes, long nanos) {
        return bytes(Math.round(bytes / Math.max(nanos / 1e9, 1e-9))) + "/s";
    }

    /** A whole number with commas between thousands. */
    public static String number(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    /** A number with commas between thousands and some digits after the point. */
    public static String decimal(double value, int digits) {
        return String.format(Locale.ROOT, "%,." + digits + "f", value);
    }

    /** A time: {@code 850 ns}, {@code 12.3 us}, {@code 4.56 ms}, {@code 1.20 s}. */
    public static String nanos(double nanos) {
        if (nanos < 1_000) {
            return decimal(nanos, 0) + " ns";
        }
        if (nanos < 1_000_000) {
            return decimal(nanos / 1e3, 1) + " us";
        }
        return nanos < 1_000_000_000 ? decimal(nanos / 1e6, 2) + " ms" : decimal(nanos / 1e9, 2) + " s";
    }
}
