// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.virtio.shell.CommandException;

class BytesTest {
    @Test
    void aWordIsItsText() throws CommandException {
        assertThat(Bytes.parse("grüezi")).isEqualTo("grüezi".getBytes(StandardCharsets.UTF_8));
        assertThat(Bytes.parse("00ff")).isEqualTo("00ff".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void hexadecimalDigitsAreBytes() throws CommandException {
        assertThat(Bytes.parse("0xCAfe00")).isEqualTo(new byte[] {(byte) 0xca, (byte) 0xfe, 0});
    }

    @ParameterizedTest
    @ValueSource(strings = {"0x1", "0xgg", "0x12 34"})
    void aHalfByteOrAnotherDigitIsRefused(String text) {
        assertThatThrownBy(() -> Bytes.parse(text))
            .hasMessage("'" + text + "' is no row of bytes; expected pairs of hexadecimal digits after 0x");
    }

    @Test
    void nothingIsRefused() {
        assertThatThrownBy(() -> Bytes.parse("")).hasMessageStartingWith("there is nothing to write");
    }
}
