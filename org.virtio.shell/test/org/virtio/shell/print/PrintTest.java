// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.print;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.List;
import org.apache.felix.service.command.Converter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrintTest {
    private record City(String name, Integer people) {
    }

    private static final Table<City> TABLE = new Table<City>().column("NAME", City::name).column("PEOPLE", City::people);
    private static final List<City> CITIES = List.of(new City("Bern", 134_000), new City("Rapperswil", 28_000));

    private static final class CityConverter extends FormConverter {
        CityConverter() {
            super(List.of(Form.of(City.class, TABLE)));
        }
    }

    private final FormConverter converter = new CityConverter();

    @ParameterizedTest
    @CsvSource({"0, 0 bytes", "512, 512 bytes", "1023, '1,023 bytes'", "1024, 1 KiB", "1536, 1.5 KiB", "67108864, 64 MiB",
        "1073741824, 1 GiB", "9223372036854775807, 8 EiB"})
    void bytesHaveTheLargestUnitThatFits(long bytes, String text) {
        assertThat(Units.bytes(bytes)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"850, 850 ns", "12345, 12.3 us", "4560000, 4.56 ms", "1200000000, 1.20 s"})
    void timesHaveTheLargestUnitThatFits(double nanos, String text) {
        assertThat(Units.nanos(nanos)).isEqualTo(text);
    }

    @Test
    void columnsAreAsWideAsTheirWidestCellAndNumbersStandToTheRight() {
        assertThat(TABLE.print(CITIES)).isEqualTo("""
            NAME         PEOPLE
            Bern        134,000
            Rapperswil   28,000""");
    }

    @Test
    void whatIsMissingIsADash() {
        assertThat(TABLE.print(List.of(new City(null, null)))).isEqualTo("NAME  PEOPLE\n-     -");
    }

    @Test
    void aListPrintsAsATableAndOneThingOnALineWithItsHeaders() {
        assertThat(converter.format(CITIES, Converter.INSPECT, null)).isEqualTo(TABLE.print(CITIES));
        assertThat(converter.format(CITIES.get(0), Converter.LINE, null)).isEqualTo("NAME Bern  PEOPLE 134,000");
        assertThat(converter.format(CITIES, Converter.LINE, null))
            .isEqualTo("NAME Bern  PEOPLE 134,000; NAME Rapperswil  PEOPLE 28,000");
    }

    @Test
    void anEmptyListingSaysSo() {
        assertThat(converter.format(new Listing<City>(List.of(), "no cities"), Converter.INSPECT, null)).isEqualTo("no cities");
    }

    @Test
    void whatHasNoFormIsLeftToOthers() {
        assertThat(converter.format("text", Converter.INSPECT, null)).isNull();
        assertThat(converter.format(List.of(), Converter.INSPECT, null)).isNull();
        assertThat(converter.format(List.of(CITIES.get(0), "text"), Converter.INSPECT, null)).isNull();
    }

    @Test
    void detailsAlignTheirValuesAndWrapManyWords() {
        List<String> words = Collections.nCopies(20, "FEATURE_NAME");
        String text = new Details("disk0").add("type", "blk").add("failure", null).addAll("features", words)
            .addAll("none", List.of()).toString();
        assertThat(text).startsWith("disk0\n  type                 blk\n  features             FEATURE_NAME FEATURE_NAME")
            .contains("\n                       FEATURE_NAME").endsWith("\n  none                 -").doesNotContain("failure");
        assertThat(text.lines()).allMatch(line -> line.length() <= 123);
    }
}
