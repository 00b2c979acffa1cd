// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.print;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class HexDumpTest {
    @Test
    void aLineHasPositionBytesAndText() {
        byte[] bytes = "Hello, virtio!\n\0".getBytes(StandardCharsets.US_ASCII);
        assertThat(HexDump.of(bytes, 0x1000)).isEqualTo("""
            00001000  48 65 6c 6c 6f 2c 20 76  69 72 74 69 6f 21 0a 00  |Hello, virtio!..|
            00001010""");
    }

    @Test
    void aLineThatIsNotFullIsPadded() {
        assertThat(HexDump.of(new byte[] {'a', (byte) 0xff, 'c'}, 0)).isEqualTo("""
            00000000  61 ff 63                                          |a.c|
            00000003""");
    }

    @Test
    void repeatedLinesAreOneAsterisk() {
        byte[] bytes = new byte[80];
        Arrays.fill(bytes, 64, 80, (byte) 1);
        assertThat(HexDump.of(bytes, 0)).isEqualTo("""
            00000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|
            *
            00000040  01 01 01 01 01 01 01 01  01 01 01 01 01 01 01 01  |................|
            00000050""");
    }

    @Test
    void aShortLastLineIsNeverARepetition() {
        assertThat(HexDump.of(new byte[20], 0).lines()).hasSize(3);
    }

    @Test
    void noBytesAreTheirEndAlone() {
        assertThat(HexDump.of(new byte[0], 0x123456789aL)).isEqualTo("123456789a");
    }
}
