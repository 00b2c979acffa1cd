// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.watch;

import java.nio.charset.Charset;
import java.util.List;

/** Values as a line of bars of different heights, the greatest as high as a line of text. */
final class Sparkline {
    private static final String BLOCKS = "▁▂▃▄▅▆▇█";
    private static final String ASCII = "_.:-=+*#";

    private final String bars;

    /** In blocks if the character set has them, else in ASCII. */
    Sparkline(Charset charset) {
        bars = charset.canEncode() && charset.newEncoder().canEncode(BLOCKS) ? BLOCKS : ASCII;
    }

    /** One character for each value. Only 0 has the lowest bar, so that little is not taken for nothing. */
    String of(List<Double> values) {
        double greatest = values.stream().mapToDouble(Double::doubleValue).max().orElse(0);
        StringBuilder line = new StringBuilder();
        for (double value : values) {
            line.append(bars.charAt(value > 0 ? (int) Math.ceil(value / greatest * (bars.length() - 1)) : 0));
        }
        return line.toString();
    }
}
