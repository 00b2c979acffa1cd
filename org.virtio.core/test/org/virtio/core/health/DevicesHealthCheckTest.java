// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.apache.felix.hc.api.Result;
import org.apache.felix.hc.api.ResultLog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.virtio.device.DeviceDTO;
import org.virtio.device.DeviceRegistry;

class DevicesHealthCheckTest {
    private final List<DeviceDTO> devices = new ArrayList<>();
    private final DevicesHealthCheck check = new DevicesHealthCheck((DeviceRegistry) Proxy.newProxyInstance(
        getClass().getClassLoader(), new Class<?>[] {DeviceRegistry.class}, (self, method, arguments) -> devices));

    private void add(String name, String state, String failure) {
        DeviceDTO device = new DeviceDTO();
        device.name = name;
        device.state = state;
        device.failure = failure;
        devices.add(device);
    }

    private static List<String> lines(Result result) {
        return StreamSupport.stream(result.spliterator(), false).map(ResultLog.Entry::getMessage).toList();
    }

    @Test
    void withoutDevicesAllIsWell() {
        assertThat(check.execute().getStatus()).isEqualTo(Result.Status.OK);
        assertThat(lines(check.execute())).containsExactly("no devices are declared");
    }

    @Test
    void readyDevicesAreWell() {
        add("disk0", "ready", null);
        add("disk1", "ready", null);
        assertThat(check.execute().getStatus()).isEqualTo(Result.Status.OK);
        assertThat(lines(check.execute())).containsExactly("disk0 is ready", "disk1 is ready");
    }

    @ParameterizedTest
    @ValueSource(strings = {"declared", "attaching", "suspended", "open", "something new"})
    void oneThatIsNotReadyIsWorthAWarningWithTheReason(String state) {
        add("disk0", "ready", null);
        add("disk1", state, "a {} reason");
        assertThat(check.execute().getStatus()).isEqualTo(Result.Status.WARN);
        assertThat(lines(check.execute())).containsExactly("disk0 is ready", "disk1 is " + state + ": a {} reason");
    }

    @Test
    void theReasonOfAStateThatHasNoneOfItsOwnIsWhatTheStateMeans() {
        add("disk0", "declared", null);
        add("net0", "open", null);
        add("disk1", "suspended", null);
        assertThat(lines(check.execute())).containsExactly("disk0 is declared: no transport for its address is there",
            "net0 is open: no driver has started it", "disk1 is suspended");
    }

    @Test
    void oneThatHasFailedIsCritical() {
        add("disk0", "failed", "the back end hung up");
        add("disk1", "declared", null);
        assertThat(check.execute().getStatus()).isEqualTo(Result.Status.CRITICAL);
        assertThat(lines(check.execute())).containsExactly("disk0 is failed: the back end hung up",
            "disk1 is declared: no transport for its address is there");
    }
}
