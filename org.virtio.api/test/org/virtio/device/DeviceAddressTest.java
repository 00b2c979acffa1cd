// SPDX-License-Identifier: Apache-2.0
package org.virtio.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceAddressTest {
    @Test
    void takesAnAddressApart() {
        DeviceAddress address = DeviceAddress.parse("vhost-user:/run/x.sock?type=blk&queues=2");
        assertThat(address.scheme()).isEqualTo("vhost-user");
        assertThat(address.location()).isEqualTo("/run/x.sock");
        assertThat(address.option("type", "net")).isEqualTo("blk");
        assertThat(address.option("queues", 1, 1, 64)).isEqualTo(2);
        assertThat(address.option("size", 256, 1, 32768)).isEqualTo(256);
        assertThat(address).hasToString("vhost-user:/run/x.sock?type=blk&queues=2");
        assertThat(DeviceAddress.parse("pci:0000:00:05.0").location()).isEqualTo("0000:00:05.0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ":", "/run/x.sock", "Vhost:/x", "vhost-user:", "vhost-user:?a=b", "a:b?", "a:b?c", "a:b?=c",
        "a:b?c=", "a:b?c=1&c=2", "a:b?c=1&", "9:x"})
    void refusesWhatIsNoAddressAndQuotesIt(String text) {
        assertThatThrownBy(() -> DeviceAddress.parse(text)).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("'");
    }

    @Test
    void refusesANumberOutOfRangeWithTheRange() {
        DeviceAddress address = DeviceAddress.parse("a:b?queues=65&size=big");
        assertThatThrownBy(() -> address.option("queues", 1, 1, 64)).hasMessageContaining("queues=65")
            .hasMessageContaining("1 to 64");
        assertThatThrownBy(() -> address.option("size", 1, 1, 64)).hasMessageContaining("size=big");
    }

    @Test
    void refusesAnOptionThatNobodyKnows() {
        DeviceAddress address = DeviceAddress.parse("a:b?quues=2");
        assertThatThrownBy(() -> address.checkOptions(Set.of("queues", "size"))).hasMessageContaining("quues")
            .hasMessageContaining("[queues, size]");
        address.checkOptions(Set.of("quues"));
    }

    @Property
    void anyTextIsAnAddressOrRefused(@ForAll String text) {
        DeviceAddress address;
        try {
            address = DeviceAddress.parse(text);
        } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageContaining(text);
            return;
        }
        assertThat(DeviceAddress.parse(address.toString())).isEqualTo(address);
    }
}
