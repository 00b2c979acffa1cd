// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.virtio.core.device.DeviceOptions;
import org.virtio.core.fake.FakeFramework;
import org.virtio.core.registry.DeviceRegistryComponent;
import org.virtio.device.DeviceAddress;
import org.virtio.device.VirtioException;

class DeclarationTest {
    private static final String PID = "org.virtio.device~disk0";
    private static final List<String> KEYS =
        List.of("name", "address", "type", "queues", "size", "grace", "mode", "readOnly", "readonly", "service.pid", "colour");

    private static Declaration of(Object... keysAndValues) {
        Map<String, Object> properties = new HashMap<>(Map.of("service.pid", PID, "address", "fake:/there"));
        for (int i = 0; i < keysAndValues.length; i += 2) {
            properties.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return Declaration.of(properties);
    }

    private static String address(Object... keysAndValues) {
        return of(keysAndValues).address().toString();
    }

    @Test
    void anAddressIsEnough() {
        assertThat(of()).isEqualTo(new Declaration("disk0", DeviceAddress.parse("fake:/there")));
    }

    @Test
    void propertiesBecomeOptions() {
        assertThat(address("type", "net", "queues", "2", "size", "64", "grace", "0", "mode", "poll", "readOnly", "true"))
            .isEqualTo("fake:/there?grace=0&mode=poll&queues=2&readonly=on&size=64&type=net");
        assertThat(address("address", "fake:/there?packed=off", "queues", "2")).isEqualTo("fake:/there?packed=off&queues=2");
    }

    @Test
    void valuesMayHaveTypesSpacesAndNamesInAnyCase() {
        assertThat(address("queues", 65535, "size", 32768L, "readOnly", false))
            .isEqualTo("fake:/there?queues=65535&readonly=off&size=32768");
        assertThat(address("readonly", "true", "GRACE", " 86400 ")).isEqualTo("fake:/there?grace=86400&readonly=on");
    }

    @Test
    void whatOthersAddAndWhatIsEmptyIsPassedOver() {
        assertThat(address("service.factoryPid", "org.virtio.device", "felix.fileinstall.filename", "file:/x", "component.id", 7L,
            ":configurator:feature", "x", "type", "", "queues", " ", "name", "")).isEqualTo("fake:/there");
    }

    @Test
    void theNameIsThePropertyOrTheOptionOrThePids() {
        assertThat(of("name", "a.b").name()).isEqualTo("a.b");
        assertThat(of("address", "fake:/there?name=c").name()).isEqualTo("c");
        assertThat(of("service.pid", "org.virtio.device-d-e").name()).isEqualTo("d-e");
        assertThat(of("service.pid", "org.virtio.device.6d5bb4a5-0a52-4b07", "name", "f").name()).isEqualTo("f");
    }

    @Test
    void theNameOfAFileStandsInForThatOfAPidThatWasMadeUp() {
        String madeUp = "org.virtio.device.6d5bb4a5-0a52-4b07";
        for (String file : List.of("file:/a.b/etc/org.virtio.device-x.y.cfg", "org.virtio.device~x.y.config")) {
            assertThat(of("service.pid", madeUp, "felix.fileinstall.filename", file).name()).isEqualTo("x.y");
        }
        assertThat(of("felix.fileinstall.filename", "file:/etc/org.virtio.device-x.cfg").name()).isEqualTo("disk0");
        for (String file : List.of("", "/", ".", "./", "a.b/c", "file:/etc/other.cfg", "file:/etc/org.virtio.device-.cfg")) {
            assertThatIllegalArgumentException().isThrownBy(() -> of("service.pid", madeUp, "felix.fileinstall.filename", file))
                .withMessageStartingWith("name is missing, and the PID " + madeUp + " has none");
        }
    }

    static Stream<Object[]> refused() {
        return Stream.of(
            refused("queues=0 is not a number from 1 to 65535", "queues", "0"),
            refused("queues=65536 is not a number from 1 to 65535", "queues", "65536"),
            refused("queues=two is not a number from 1 to 65535", "queues", "two"),
            refused("size=0 is not a number from 1 to 32768", "size", "0"),
            refused("size=32769 is not a number from 1 to 32768", "size", 32769),
            refused("size=2.0 is not a number from 1 to 32768", "size", 2.0),
            refused("option size=3 with packed=off: queue size 3 is not a power of two from 1 to 32768", "size", "3",
                "address", "fake:/there?packed=off"),
            refused("grace=-1 is not a number from 0 to 86400", "grace", "-1"),
            refused("grace=86401 is not a number from 0 to 86400", "grace", "86401"),
            refused("grace=5&size=3 is not a number from 0 to 86400", "grace", "5&size=3"),
            refused("mode=spin is neither wait nor poll", "mode", "spin"),
            refused("readOnly=on is neither true nor false", "readOnly", "on"),
            refused("type: 'disk' is no device type; expected a name such as blk, net or scsi", "type", "disk"),
            refused("address is missing; expected scheme:location, such as vhost-user:/run/vhost.sock", "address", ""),
            refused("address: '/run/vhost.sock' is no device address; expected scheme:location, such as "
                + "vhost-user:/run/vhost.sock", "address", "/run/vhost.sock"),
            refused("option memory=0 is not a number from 1 to 1024", "address", "fake:/there?memory=0"),
            refused("option mode=spin is neither wait nor poll", "address", "fake:/there?mode=spin"),
            refused("name=a name is not 1 to 64 letters, digits, '.', '_' or '-'", "name", "a name"),
            refused("name is missing, and the PID org.virtio.device has none; expected 1 to 64 letters, digits, '.', '_' or '-', "
                + "or a PID such as org.virtio.device~disk0", "service.pid", "org.virtio.device"),
            refused("name is missing, and the PID org.virtio.device~ has none", "service.pid", "org.virtio.device~"),
            refused("queues stands twice: as a property, and as queues=2 in the address; expected one of them",
                "address", "fake:/there?queues=2", "queues", "2"),
            refused("readOnly stands twice: as a property, and as readonly=on in the address; expected one of them",
                "address", "fake:/there?readonly=on", "readOnly", "true"),
            refused("name stands twice: as a property, and as name=a in the address; expected one of them",
                "address", "fake:/there?name=a", "name", "b"),
            refused("[colour, memory] is unknown; known are [address, grace, mode, name, queues, readOnly, size, type]; other "
                + "options stand in the address", "colour", "red", "memory", "1"),
            refused("queues has a list of 2 values; expected a single one", "queues", new int[] {1, 2}),
            refused("type has a list of 1 values; expected a single one", "type", List.of("blk")));
    }

    private static Object[] refused(String message, Object... keysAndValues) {
        return new Object[] {message, keysAndValues};
    }

    @ParameterizedTest
    @MethodSource("refused")
    void badValuesAreRefusedWithWhatIsExpected(String message, Object[] keysAndValues) {
        assertThatIllegalArgumentException().isThrownBy(() -> of(keysAndValues)).withMessageStartingWith(message);
    }

    @Test
    void onlyAnotherPlaceOrGraceIsAMove() {
        Declaration before = of("queues", "2");
        assertThat(of("queues", "2", "address", "fake:/elsewhere").isMoveOf(before)).isTrue();
        assertThat(of("queues", "2", "grace", "1", "address", "other:/elsewhere").isMoveOf(before)).isTrue();
        assertThat(before.isMoveOf(of("address", "fake:/elsewhere?grace=1&queues=2"))).isTrue();
        assertThat(of("queues", "1").isMoveOf(before)).isFalse();
        assertThat(of().isMoveOf(before)).isFalse();
        assertThat(before.isMoveOf(of())).isFalse();
        assertThat(of("queues", "2", "mode", "poll").isMoveOf(before)).isFalse();
        assertThat(of("queues", "2", "name", "disk1").isMoveOf(before)).isFalse();
    }

    @Property
    void anyTextsAreRefusedWithAReasonOrMeanWhatTheySay(@ForAll @Size(11) List<String> values, @ForAll int chosen) {
        Map<String, Object> properties = new HashMap<>(Map.of("service.pid", PID, "address", "fake:/there"));
        for (int i = 0; i < KEYS.size(); i++) {
            if ((chosen & 1 << i) != 0) {
                properties.put(KEYS.get(i), values.get(i));
            }
        }
        meansWhatItSaysOrIsRefused(properties);
    }

    /** One value, with nothing else to refuse. */
    @Property
    void anyTextIsRefusedWithAReasonOrMeansWhatItSays(@ForAll String value, @ForAll int chosen) {
        Map<String, Object> properties = new HashMap<>(Map.of("service.pid", PID, "address", "fake:/there"));
        properties.put(KEYS.get(Math.floorMod(chosen, KEYS.size())), value);
        meansWhatItSaysOrIsRefused(properties);
    }

    private static void meansWhatItSaysOrIsRefused(Map<String, Object> properties) {
        Declaration declaration;
        try {
            declaration = Declaration.of(properties);
        } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageMatching("(?s).*\\S.*");
            return;
        }
        DeviceOptions.of(declaration.address());
        for (String key : List.of("type", "queues", "size", "grace", "mode")) {
            String expected = properties.getOrDefault(key, "").toString().strip();
            String option = declaration.address().option(key, "");
            assertThat(option).isEqualTo(expected.matches("[+]?\\p{Nd}+") ? Integer.valueOf(expected).toString() : expected);
        }
        assertThat(declaration.name()).isEqualTo(new FakeName(properties).text());
    }

    /** What the name should be of a configuration that is accepted. */
    private record FakeName(Map<String, Object> properties) {
        String text() {
            String name = properties.getOrDefault("name", "").toString().strip();
            return name.isEmpty() ? properties.get("service.pid").toString().substring("org.virtio.device~".length()) : name;
        }
    }

    /** The registry must not refuse what was accepted, since the device that ran is let go of by then. */
    @Property(tries = 500)
    void theRegistryTakesEveryNameThatIsTaken(@ForAll String name) throws VirtioException {
        theRegistryAgreesOn(name.strip());
    }

    @Example
    void theRegistryAgreesOnTheLimits() throws VirtioException {
        for (String name : List.of("a", "x".repeat(64), "x".repeat(65), "A.b_c-9", "a b", "a\n", "ä")) {
            theRegistryAgreesOn(name);
        }
    }

    private static void theRegistryAgreesOn(String name) throws VirtioException {
        boolean accepted = accepts(name);
        DeviceRegistryComponent registry = new DeviceRegistryComponent(new FakeFramework().context());
        try {
            registry.declare(DeviceAddress.parse("fake:/there"), name);
            registry.detach(name);
            assertThat(accepted).as("%s is a name", name).isTrue();
        } catch (IllegalArgumentException e) {
            assertThat(accepted).as("%s is no name", name).isFalse();
        }
    }

    private static boolean accepts(String name) {
        try {
            return of("name", name).name().equals(name);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
