// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.NullSource;
import org.virtio.device.DeviceAddress;
import org.virtio.device.DeviceState;

/** What the registry is told when configurations come, change and go. */
class ConfiguredDeviceTest {
    private static final DeviceAddress ELSEWHERE = DeviceAddress.parse("fake:/elsewhere");

    private final FakeRegistry registry = new FakeRegistry();

    private static Map<String, Object> properties(String... keysAndValues) {
        Map<String, Object> properties = new HashMap<>();
        properties.put("service.pid", "org.virtio.device~disk0");
        properties.put("address", "fake:/there");
        for (int i = 0; i < keysAndValues.length; i += 2) {
            properties.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        return properties;
    }

    private ConfiguredDevice device() {
        ConfiguredDevice device = new ConfiguredDevice(registry, properties());
        registry.calls.clear();
        return device;
    }

    @Test
    void declaresItsDeviceAndDetachesIt() {
        ConfiguredDevice device = new ConfiguredDevice(registry, properties("grace", "5"));
        assertThat(registry.calls).containsExactly("declare disk0 fake:/there?grace=5");
        device.detach();
        assertThat(registry.calls).last().isEqualTo("detach disk0");
        device.detach();
        assertThat(registry.calls).as("once").hasSize(2);
    }

    @ParameterizedTest
    @EnumSource(names = {"READY", "SUSPENDED"})
    void movesADeviceThatIsInUse(DeviceState state) {
        ConfiguredDevice device = device();
        registry.state = state;
        device.modified(properties("address", "fake:/elsewhere"));
        device.modified(properties("address", "fake:/elsewhere", "grace", "5"));
        assertThat(registry.calls).containsExactly("move disk0 fake:/elsewhere", "move disk0 fake:/elsewhere?grace=5");
    }

    @ParameterizedTest
    @NullSource
    @EnumSource(names = {"OPEN", "FAILED"})
    void declaresAnewWhatNobodyUses(DeviceState state) {
        ConfiguredDevice device = device();
        registry.state = state;
        device.modified(properties("address", "fake:/elsewhere"));
        assertThat(registry.calls).containsExactly("detach disk0", "declare disk0 fake:/elsewhere");
    }

    @Test
    void declaresAnewWhatCannotBeChangedInAnOpenDevice() {
        ConfiguredDevice device = device();
        registry.state = DeviceState.READY;
        device.modified(properties("size", "64"));
        device.modified(properties("size", "64", "name", "scratch"));
        assertThat(registry.calls).containsExactly("detach disk0", "declare disk0 fake:/there?size=64", "detach disk0",
            "declare scratch fake:/there?size=64");
    }

    @Test
    void doesNothingIfNothingHasChanged() {
        device().modified(properties("felix.fileinstall.filename", "file:/etc/other.cfg", "type", ""));
        assertThat(registry.calls).isEmpty();
    }

    @Test
    void badValuesChangeNothing() {
        ConfiguredDevice device = device();
        String line = logged(() -> device.modified(properties("grace", "long", "address", "fake:/elsewhere")));
        assertThat(line).contains("ERROR").hasLineCount(1).endsWith("Configuration org.virtio.device~disk0 is refused: "
            + "grace=long is not a number from 0 to 86400; device disk0 goes on as it was");
        assertThat(registry.calls).isEmpty();
        device.modified(properties("address", "fake:/elsewhere"));
        assertThat(registry.declared).containsEntry("disk0", ELSEWHERE);
        device.detach();
        assertThat(registry.declared).isEmpty();
    }

    @Test
    void badValuesAtFirstAreMadeUpForLater() {
        ConfiguredDevice[] device = new ConfiguredDevice[1];
        assertThat(logged(() -> device[0] = new ConfiguredDevice(registry, properties("mode", "fast"))))
            .endsWith("mode=fast is neither wait nor poll; nothing is declared");
        assertThat(logged(() -> device[0].modified(properties("mode", "fastest")))).endsWith("nothing is declared");
        assertThat(registry.calls).isEmpty();
        device[0].modified(properties());
        assertThat(registry.calls).containsExactly("declare disk0 fake:/there");
    }

    @Test
    void aTakenNameIsRefusedUntilItIsFree() {
        registry.declared.put("disk0", ELSEWHERE);
        ConfiguredDevice[] device = new ConfiguredDevice[1];
        assertThat(logged(() -> device[0] = new ConfiguredDevice(registry, properties())))
            .endsWith("the device name 'disk0' is taken; nothing is declared");
        device[0].detach();
        assertThat(registry.declared).as("what is not its own").containsEntry("disk0", ELSEWHERE);
        registry.declared.clear();
        device[0].modified(properties());
        assertThat(registry.declared).containsKey("disk0");
    }

    @Test
    void aDeviceKeepsItsNameIfTheNewOneIsTaken() {
        ConfiguredDevice device = device();
        registry.declared.put("disk1", ELSEWHERE);
        assertThat(logged(() -> device.modified(properties("name", "disk1"))))
            .endsWith("the device name 'disk1' is taken; device disk0 goes on as it was");
        assertThat(registry.calls).isEmpty();
    }

    @Test
    void aDeviceIsBackIfItsNewNameIsTakenMeanwhile() {
        ConfiguredDevice device = device();
        registry.detached = () -> registry.declared.put("disk1", ELSEWHERE);
        assertThat(logged(() -> device.modified(properties("name", "disk1")))).contains("'disk1' is taken");
        assertThat(registry.declared).containsOnlyKeys("disk0", "disk1");
        device.detach();
        assertThat(registry.declared).containsOnlyKeys("disk1");
    }

    @Test
    void aMoveThatFailsCanBeTriedAgain() {
        ConfiguredDevice device = device();
        registry.state = DeviceState.READY;
        registry.refusal = "nobody listens";
        assertThat(logged(() -> device.modified(properties("address", "fake:/elsewhere")))).endsWith("is refused: "
            + "device disk0 stays at fake:/there: nobody listens; device disk0 goes on as it was");
        registry.refusal = null;
        device.modified(properties("address", "fake:/elsewhere"));
        assertThat(registry.declared).containsEntry("disk0", ELSEWHERE);
    }

    @Test
    void whatOthersHaveDetachedIsDeclaredAgainByAChange() {
        ConfiguredDevice device = device();
        registry.declared.clear();
        device.modified(properties("grace", "5"));
        assertThat(registry.declared).containsKey("disk0");
        registry.declared.clear();
        device.detach();
    }

    @Test
    void anErrorOfTheRegistryIsNoEndOfTheComponent() {
        ConfiguredDevice device = device();
        registry.detached = () -> {
            throw new IllegalStateException("broken");
        };
        assertThat(logged(() -> device.modified(properties("size", "64")))).contains("could not be followed", "broken");
        registry.detached = () -> { };
        device.modified(properties("size", "64"));
        assertThat(registry.declared.get("disk0")).hasToString("fake:/there?size=64");
    }

    /** The one line that is logged meanwhile, or, of an error that nobody expects, with where it happened. */
    private static String logged(Runnable change) {
        PrintStream before = System.err;
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
        try {
            change.run();
        } finally {
            System.setErr(before);
        }
        return log.toString(StandardCharsets.UTF_8).strip();
    }
}
