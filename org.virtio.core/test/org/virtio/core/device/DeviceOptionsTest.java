// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.virtio.device.DeviceAddress;

class DeviceOptionsTest {
    private static DeviceOptions of(String options) {
        return DeviceOptions.of(DeviceAddress.parse("fake:here" + options));
    }

    @Test
    void presets() {
        assertThat(of("")).isEqualTo(new DeviceOptions(512, true, 64 << 20, false));
    }

    @Test
    void allCanBeSet() {
        assertThat(of("?size=32768&event_idx=off&memory=1024&hugepages=true"))
            .isEqualTo(new DeviceOptions(32768, false, 1 << 30, true));
        assertThat(of("?size=1&event_idx=on&memory=1&hugepages=false"))
            .isEqualTo(new DeviceOptions(1, true, 1 << 20, false));
    }

    @ParameterizedTest
    @ValueSource(strings = {"size=3", "size=0", "size=65536", "size=many", "memory=0", "memory=1025", "hugepages=yes",
        "event_idx=true"})
    void othersAreRefusedByName(String option) {
        assertThatIllegalArgumentException().isThrownBy(() -> of("?" + option))
            .withMessageContaining(option.substring(option.indexOf('=') + 1));
    }
}
