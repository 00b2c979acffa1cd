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
        assertThat(of("")).isEqualTo(new DeviceOptions(512, true, true, true, 3, 64 << 20, false));
    }

    @Test
    void allCanBeSet() {
        assertThat(of("?size=32768&packed=off&event_idx=off&in_order=off&indirect=off&memory=1024&hugepages=true"))
            .isEqualTo(new DeviceOptions(32768, false, false, false, -1, 1 << 30, true));
        assertThat(of("?size=3&packed=on&event_idx=on&in_order=on&indirect=0&memory=1&hugepages=false"))
            .isEqualTo(new DeviceOptions(3, true, true, true, 0, 1 << 20, false));
    }

    @Test
    void optionsOfDriversArePassedOver() {
        assertThat(of("?readonly=on&mode=poll")).isEqualTo(of("?readonly=off&mode=wait")).isEqualTo(of(""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"packed=off&size=3", "size=0", "size=65536", "size=many", "memory=0", "memory=1025", "hugepages=yes",
        "event_idx=true", "packed=1", "in_order=no", "indirect=-1", "indirect=yes", "grace=-1", "grace=86401", "grace=long",
        "readonly=yes", "mode=spin"})
    void othersAreRefusedByName(String option) {
        assertThatIllegalArgumentException().isThrownBy(() -> of("?" + option))
            .withMessageContaining(option.substring(option.lastIndexOf('=') + 1));
    }
}
