// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SizeTest {
    @ParameterizedTest
    @CsvSource({"0, 0", "512, 512", "4k, 4096", "4K, 4096", "4KiB, 4096", "64M, 67108864", "1G, 1073741824",
        "2T, 2199023255552", "0x200, 512", "0XfF, 255", "512B, 512"})
    void takesNumbersWithUnits(String text, long bytes) throws CommandException {
        assertThat(new Size(text).bytes("size", 0, Long.MAX_VALUE)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "k", "-1", "4 k", "1.5G", "4x", "0x", "0xg", "ten"})
    void refusesOtherWordsAndSaysWhatItExpects(String text) {
        assertThatThrownBy(() -> new Size(text).bytes("--size", 0, Long.MAX_VALUE))
            .isInstanceOf(CommandException.class)
            .hasMessage("--size '" + text + "' is no size; expected bytes such as 512, 4k, 64M, 1G or 0x200");
    }

    @ParameterizedTest
    @ValueSource(strings = {"9223372036854775808", "8388608T", "9999999999999999999k"})
    void refusesMoreThanFits(String text) {
        assertThatThrownBy(() -> new Size(text).bytes("length", 0, Long.MAX_VALUE))
            .hasMessage("length " + text + " is more bytes than there can be");
    }

    @Test
    void namesTheRange() {
        assertThatThrownBy(() -> new Size("2M").bytes("length", 1, 1 << 20))
            .hasMessage("length 2M is not from 1 to 1048576 bytes");
    }

    @Test
    void countsTakeDecimalAndHexadecimalNumbers() throws CommandException {
        assertThat(new Count("255").intValue("byte", 0, 255)).isEqualTo(255);
        assertThat(new Count("0xff").intValue("byte", 0, 255)).isEqualTo(255);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1", "256", "many", "1.0"})
    void countsRefuseOthersAndNameTheRange(String text) {
        assertThatThrownBy(() -> new Count(text).intValue("byte", 0, 255))
            .isInstanceOf(CommandException.class).hasMessage("byte '" + text + "' is no whole number from 0 to 255");
    }
}
