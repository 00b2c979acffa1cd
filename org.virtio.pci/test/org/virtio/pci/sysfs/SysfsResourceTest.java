// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.sysfs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SysfsResourceTest {
    @Test
    void knowsMemory() {
        SysfsResource resource = SysfsResource.parse("0xfffffffffebd4000 0xfffffffffebd7fff 0x000000000014220c\n");
        assertThat(resource.isMemory()).isTrue();
        assertThat(resource.isIo()).isFalse();
        assertThat(resource.size()).isEqualTo(0x4000);
        assertThat(resource.start()).isEqualTo(0xffff_ffff_febd_4000L);
    }

    @Test
    void knowsIoPorts() {
        SysfsResource resource = SysfsResource.parse("0x000000000000c040 0x000000000000c07f 0x0000000000040101");
        assertThat(resource.isIo()).isTrue();
        assertThat(resource.isMemory()).isFalse();
        assertThat(resource.size()).isEqualTo(0x40);
    }

    @Test
    void knowsThatThereIsNothing() {
        SysfsResource resource = SysfsResource.parse("0x0000000000000000 0x0000000000000000 0x0000000000000000");
        assertThat(resource.isIo()).isFalse();
        assertThat(resource.isMemory()).isFalse();
        assertThat(resource.size()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0x1 0x2", "0x1 0x2 0x3 0x4", "1 2 3", "0x1 0xg 0x3", "0x1 0x2 0x11111111111111111"})
    void refusesOtherLines(String line) {
        assertThatIllegalArgumentException().isThrownBy(() -> SysfsResource.parse(line));
    }
}
