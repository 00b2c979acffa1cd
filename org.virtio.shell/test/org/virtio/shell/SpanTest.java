// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpanTest {
    private static long nanos(String text) throws CommandException {
        return new Span(text).nanos("--interval", Duration.ofMillis(100), Duration.ofHours(1));
    }

    @ParameterizedTest
    @CsvSource({"100ms,100000000", "1s,1000000000", "1,1000000000", "2.5s,2500000000", "0.1,100000000", "60m,3600000000000"})
    void isInNanoseconds(String text, long nanos) throws CommandException {
        assertThat(nanos(text)).isEqualTo(nanos);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "s", "1h", "-1s", "1 s", "1s2", "1.2345s", "null"})
    void whatIsNoTimeIsRefusedWithExamples(String text) {
        assertThatThrownBy(() -> nanos(text)).isInstanceOf(CommandException.class)
            .hasMessage("--interval '" + text + "' is no time; expected such as 500ms, 1s or 2m");
    }

    @Test
    void aTimeOutOfRangeIsRefusedWithTheRange() {
        assertThatThrownBy(() -> nanos("99ms")).hasMessage("--interval 99ms is not from 100ms to 60m");
        assertThatThrownBy(() -> nanos("61m")).hasMessage("--interval 61m is not from 100ms to 60m");
        assertThatThrownBy(() -> new Span("9s").nanos("x", Duration.ofSeconds(1), Duration.ofSeconds(8)))
            .hasMessage("x 9s is not from 1s to 8s");
    }
}
