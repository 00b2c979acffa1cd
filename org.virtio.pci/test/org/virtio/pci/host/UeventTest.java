// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class UeventTest {
    static byte[] message(String... strings) {
        return (String.join("\0", strings) + "\0").getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void tellsWhatHappenedToWhichFunction() {
        Uevent event = Uevent.parse(message("bind@/devices/pci0000:00/0000:00:05.0", "ACTION=bind",
            "DEVPATH=/devices/pci0000:00/0000:00:05.0", "SUBSYSTEM=pci", "DRIVER=vfio-pci", "PCI_CLASS=18000",
            "PCI_ID=1AF4:1042", "PCI_SUBSYS_ID=1AF4:1100", "PCI_SLOT_NAME=0000:00:05.0",
            "MODALIAS=pci:v00001AF4d00001042sv00001AF4sd00001100bc01sc80i00", "SEQNUM=1234"));
        assertThat(event.action()).isEqualTo("bind");
        assertThat(event.function()).hasToString("0000:00:05.0");
        assertThat(event.isVirtio()).isTrue();
        assertThat(event.values()).containsEntry("DRIVER", "vfio-pci").hasSize(10);
    }

    @Test
    void otherDevicesAreNoFunctions() {
        Uevent block = Uevent.parse(message("add@/devices/x", "ACTION=add", "SUBSYSTEM=block", "PCI_SLOT_NAME=0000:00:05.0"));
        assertThat(block.function()).isNull();
        Uevent network = Uevent.parse(message("add@/devices/x", "ACTION=add", "SUBSYSTEM=pci", "PCI_ID=8086:1042",
            "PCI_SLOT_NAME=0000:00:05.0"));
        assertThat(network.function()).isNotNull();
        assertThat(network.isVirtio()).isFalse();
    }

    @Test
    void whatIsMissingOrMalformedIsNotTold() {
        for (Uevent event : new Uevent[] {Uevent.parse(new byte[0]), Uevent.parse(message("", "=", "A=", "=b", "c")),
            Uevent.parse(message("add@/x=y", "SUBSYSTEM=pci", "PCI_SLOT_NAME=5", "PCI_ID=virtio"))}) {
            assertThat(event.action()).isEmpty();
            assertThat(event.function()).isNull();
            assertThat(event.isVirtio()).isFalse();
            assertThat(event.values()).doesNotContainKeys("", "c", "add@/x");
        }
    }

    @Property
    void anyBytesAreUnderstood(@ForAll byte[] message) {
        Uevent event = Uevent.parse(message);
        assertThatCode(() -> {
            event.action();
            event.function();
            event.isVirtio();
        }).doesNotThrowAnyException();
    }

    @Property
    void anyVariablesAreTold(@ForAll("variables") Map<String, String> variables) {
        String[] strings = variables.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toArray(String[]::new);
        assertThat(Uevent.parse(message("add@/devices/a=b\0" + String.join("\0", strings))).values()).isEqualTo(variables);
    }

    @Provide
    Arbitrary<Map<String, String>> variables() {
        return Arbitraries.maps(Arbitraries.strings().withCharRange('A', 'Z').withChars('_').ofMinLength(1).ofMaxLength(9),
            Arbitraries.strings().ascii().excludeChars('\0').ofMaxLength(30)).ofMaxSize(12);
    }

    @Property
    void anyVariablesOfAFunctionAreUnderstood(@ForAll String slot, @ForAll String id) {
        Uevent event = new Uevent(Map.of("SUBSYSTEM", "pci", "PCI_SLOT_NAME", slot, "PCI_ID", id));
        assertThat(event.function()).satisfiesAnyOf(function -> assertThat(function).isNull(),
            function -> assertThat(function).hasToString(slot));
        assertThatCode(event::isVirtio).doesNotThrowAnyException();
    }
}
