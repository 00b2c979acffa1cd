// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.NullSource;
import org.osgi.service.component.ComponentConstants;
import org.virtio.core.fake.Await;
import org.virtio.device.DeviceAddress;
import org.virtio.device.DeviceState;

/** What the registry is told when configurations come, change and go. */
class ConfiguredDeviceTest {
    private static final DeviceAddress ELSEWHERE = DeviceAddress.parse("fake:/elsewhere");

    private static final String PID = "org.virtio.device~disk0";

    private final FakeRegistry registry = new FakeRegistry();
    private final Turns turns = new Turns(Duration.ofMillis(1));

    @AfterEach
    void end() {
        turns.deactivate();
    }

    private static Map<String, Object> properties(String... keysAndValues) {
        Map<String, Object> properties = new HashMap<>();
        properties.put("service.pid", PID);
        properties.put("address", "fake:/there");
        for (int i = 0; i < keysAndValues.length; i += 2) {
            properties.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        return properties;
    }

    private ConfiguredDevice device() {
        ConfiguredDevice device = new ConfiguredDevice(registry, turns, properties());
        registry.calls.clear();
        return device;
    }

    /** Returns when all is done that follows from it. */
    private void change(ConfiguredDevice device, Map<String, Object> properties) {
        device.modified(properties);
        awaitTurn();
    }

    private void delete(ConfiguredDevice device) {
        device.deactivate(ComponentConstants.DEACTIVATION_REASON_CONFIGURATION_DELETED);
        awaitTurn();
    }

    private void awaitTurn() {
        turns.enter(PID, () -> { }).join();
    }

    @Test
    void declaresItsDeviceAndDetachesIt() {
        ConfiguredDevice device = new ConfiguredDevice(registry, turns, properties("grace", "5"));
        assertThat(registry.calls).containsExactly("declare disk0 fake:/there?grace=5");
        delete(device);
        assertThat(registry.calls).last().isEqualTo("detach disk0");
        delete(device);
        assertThat(registry.calls).as("once").hasSize(2);
    }

    @ParameterizedTest
    @EnumSource(names = {"READY", "SUSPENDED"})
    void movesADeviceThatIsInUse(DeviceState state) {
        ConfiguredDevice device = device();
        registry.state = state;
        change(device, properties("address", "fake:/elsewhere"));
        change(device, properties("address", "fake:/elsewhere", "grace", "5"));
        assertThat(registry.calls).containsExactly("move disk0 fake:/elsewhere", "move disk0 fake:/elsewhere?grace=5");
    }

    @ParameterizedTest
    @NullSource
    @EnumSource(names = {"OPEN", "FAILED"})
    void declaresAnewWhatNobodyUses(DeviceState state) {
        ConfiguredDevice device = device();
        registry.state = state;
        change(device, properties("address", "fake:/elsewhere"));
        assertThat(registry.calls).containsExactly("detach disk0", "declare disk0 fake:/elsewhere");
    }

    @Test
    void declaresAnewWhatCannotBeChangedInAnOpenDevice() {
        ConfiguredDevice device = device();
        registry.state = DeviceState.READY;
        change(device, properties("size", "64"));
        change(device, properties("size", "64", "name", "scratch"));
        assertThat(registry.calls).containsExactly("detach disk0", "declare disk0 fake:/there?size=64", "detach disk0",
            "declare scratch fake:/there?size=64");
    }

    @Test
    void doesNothingIfNothingHasChanged() {
        change(device(), properties("felix.fileinstall.filename", "file:/etc/other.cfg", "type", ""));
        assertThat(registry.calls).isEmpty();
    }

    @Test
    void badValuesChangeNothing() {
        ConfiguredDevice device = device();
        String line = logged(() -> change(device, properties("grace", "long", "address", "fake:/elsewhere")));
        assertThat(line).contains("ERROR").hasLineCount(1).endsWith("Configuration org.virtio.device~disk0 is refused: "
            + "grace=long is not a number from 0 to 86400; device disk0 goes on as it was");
        assertThat(registry.calls).isEmpty();
        change(device, properties("address", "fake:/elsewhere"));
        assertThat(registry.declared).containsEntry("disk0", ELSEWHERE);
        delete(device);
        assertThat(registry.declared).isEmpty();
    }

    @Test
    void badValuesAtFirstAreMadeUpForLater() {
        ConfiguredDevice[] device = new ConfiguredDevice[1];
        assertThat(logged(() -> device[0] = new ConfiguredDevice(registry, turns, properties("mode", "fast"))))
            .endsWith("mode=fast is neither wait nor poll; nothing is declared");
        assertThat(logged(() -> change(device[0], properties("mode", "fastest")))).endsWith("nothing is declared");
        assertThat(registry.calls).isEmpty();
        change(device[0], properties());
        assertThat(registry.calls).containsExactly("declare disk0 fake:/there");
    }

    @Test
    void aTakenNameIsWaitedFor() {
        registry.declared.put("disk0", ELSEWHERE);
        ConfiguredDevice[] device = new ConfiguredDevice[1];
        assertThat(logged(() -> {
            device[0] = new ConfiguredDevice(registry, turns, properties());
            Await.until("it is tried again, and again", () -> registry.calls.size() > 3);
        })).contains("WARN").hasLineCount(1)
            .endsWith("waits until the name is free: the device name 'disk0' is taken; nothing is declared");
        registry.declared.clear();
        Await.until("the name is its own", () -> registry.declared.containsKey("disk0"));
        delete(device[0]);
        assertThat(registry.declared).isEmpty();
    }

    @Test
    void whatIsNotItsOwnIsNotDetached() {
        registry.declared.put("disk0", ELSEWHERE);
        delete(new ConfiguredDevice(registry, turns, properties()));
        assertThat(registry.declared).containsEntry("disk0", ELSEWHERE);
        registry.declared.clear();
        int calls = registry.calls.size();
        turns.enterLater("last", () -> registry.calls.add("after what was to be tried again"));
        Await.until("that is done", () -> registry.calls.contains("after what was to be tried again"));
        awaitTurn();
        assertThat(registry.calls).as("nobody tries for what is deleted").hasSize(calls + 1);
    }

    @Test
    void aDeviceKeepsItsNameUntilTheNewOneIsFree() {
        ConfiguredDevice device = device();
        registry.declared.put("disk1", ELSEWHERE);
        assertThat(logged(() -> change(device, properties("name", "disk1"))))
            .endsWith("the device name 'disk1' is taken; device disk0 goes on as it was");
        assertThat(registry.calls).isEmpty();
        registry.declared.remove("disk1");
        Await.until("it has the other name", () -> registry.declared.containsKey("disk1"));
        assertThat(registry.declared).doesNotContainKey("disk0");
    }

    @Test
    void whatTheConfigurationSaysNoMoreIsNotWaitedFor() {
        ConfiguredDevice device = device();
        registry.declared.put("disk1", ELSEWHERE);
        change(device, properties("name", "disk1"));
        change(device, properties("name", "disk2"));
        registry.declared.remove("disk1");
        CountDownLatch later = new CountDownLatch(1);
        turns.enterLater(PID, later::countDown);
        Await.until("what was to be tried again would have been", () -> later.getCount() == 0);
        assertThat(registry.declared).containsOnlyKeys("disk2");
    }

    @Test
    void whatTheTransportDoesNotTakeIsRefusedBeforeTheDeviceIsTouched() {
        ConfiguredDevice device = device();
        registry.state = DeviceState.READY;
        assertThat(logged(() -> change(device, properties("queues", "5000")))).contains("ERROR").endsWith("is refused: option "
            + "queues=5000 is not a number from 1 to 256; device disk0 goes on as it was");
        assertThat(registry.calls).isEmpty();
        change(device, properties("queues", "256"));
        assertThat(registry.calls).containsExactly("detach disk0", "declare disk0 fake:/there?queues=256");
    }

    @ParameterizedTest
    @CsvSource({"READY, false", "SUSPENDED, true", "OPEN, true", "FAILED, true"})
    void whatWorksIsNotGivenUpForWhatIsNotThere(DeviceState state, boolean given) {
        ConfiguredDevice device = device();
        registry.state = state;
        registry.absence = "no transport for 'fake' is there";
        String line = logged(() -> change(device, properties("queues", "2")));
        if (given) {
            assertThat(registry.calls).containsExactly("detach disk0", "declare disk0 fake:/there?queues=2");
        } else {
            assertThat(registry.calls).isEmpty();
            assertThat(line).endsWith("is refused: no transport for 'fake' is there; device disk0 goes on as it was");
        }
    }

    /** One that moves until the gate is opened. */
    private ConfiguredDevice moving() {
        ConfiguredDevice device = device();
        registry.state = DeviceState.READY;
        registry.gate = new CountDownLatch(1);
        device.modified(properties("address", "fake:/elsewhere"));
        Await.until("it moves", () -> registry.moving);
        return device;
    }

    @Test
    void nobodyWaitsForAMoveAndAllIsDoneInTurn() {
        ConfiguredDevice device = moving();
        device.modified(properties("size", "64"));
        device.deactivate(ComponentConstants.DEACTIVATION_REASON_CONFIGURATION_DELETED);
        ConfiguredDevice next = new ConfiguredDevice(registry, turns, properties("grace", "5"));
        assertThat(registry.calls).as("all of it waits for the move").isEmpty();
        registry.gate.countDown();
        awaitTurn();
        assertThat(registry.calls).as("what was deleted is not changed before").containsExactly("move disk0 fake:/elsewhere",
            "detach disk0", "declare disk0 fake:/there?grace=5");
        delete(next);
    }

    @Test
    void aBundleThatStopsWaitsUntilItsDeviceIsLetGoOf() throws InterruptedException {
        ConfiguredDevice device = moving();
        Thread stopping = new Thread(() -> device.deactivate(ComponentConstants.DEACTIVATION_REASON_BUNDLE_STOPPED));
        stopping.start();
        Await.untilBlocked(stopping);
        assertThat(registry.declared).isNotEmpty();
        registry.gate.countDown();
        stopping.join();
        assertThat(registry.declared).isEmpty();
    }

    @Test
    void aDeviceIsBackIfItsNewNameIsTakenMeanwhile() {
        ConfiguredDevice device = device();
        registry.detached = () -> registry.declared.put("disk1", ELSEWHERE);
        assertThat(logged(() -> change(device, properties("name", "disk1")))).contains("'disk1' is taken");
        assertThat(registry.declared).containsOnlyKeys("disk0", "disk1");
        delete(device);
        assertThat(registry.declared).containsOnlyKeys("disk1");
    }

    @Test
    void aMoveThatFailsCanBeTriedAgain() {
        ConfiguredDevice device = device();
        registry.state = DeviceState.READY;
        registry.refusal = "nobody listens";
        assertThat(logged(() -> change(device, properties("address", "fake:/elsewhere")))).endsWith("is refused: "
            + "device disk0 stays at fake:/there: nobody listens; device disk0 goes on as it was");
        registry.refusal = null;
        change(device, properties("address", "fake:/elsewhere"));
        assertThat(registry.declared).containsEntry("disk0", ELSEWHERE);
    }

    @Test
    void whatOthersHaveDetachedIsDeclaredAgainByAChange() {
        ConfiguredDevice device = device();
        registry.declared.clear();
        change(device, properties("grace", "5"));
        assertThat(registry.declared).containsKey("disk0");
        registry.declared.clear();
        delete(device);
    }

    @Test
    void anErrorOfTheRegistryIsNoEndOfTheComponent() {
        ConfiguredDevice device = device();
        registry.detached = () -> {
            throw new IllegalStateException("broken");
        };
        assertThat(logged(() -> change(device, properties("size", "64")))).contains("could not be followed", "broken");
        registry.detached = () -> { };
        change(device, properties("size", "64"));
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
