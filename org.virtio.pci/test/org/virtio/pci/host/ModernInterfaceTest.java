// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class ModernInterfaceTest {
    @Test
    void theCommonConfigurationTells() {
        assertThat(ModernInterface.of(Config.modern(), true)).isEqualTo(ModernInterface.OFFERED);
        assertThat(ModernInterface.of(Config.modern(), false)).isEqualTo(ModernInterface.OFFERED);
        assertThat(ModernInterface.of(Config.legacy(), false)).isEqualTo(ModernInterface.ABSENT);
        assertThat(ModernInterface.of(Config.withoutCapabilities(), false)).isEqualTo(ModernInterface.ABSENT);
        assertThat(ModernInterface.of(Config.of(9, 0, 16, 4), true)).isEqualTo(ModernInterface.ABSENT);
    }

    @Test
    void withoutRootTheListCannotBeFollowed() {
        assertThat(ModernInterface.of(Config.header(Config.legacy()), false)).isEqualTo(ModernInterface.NOT_KNOWN);
        assertThat(ModernInterface.of(Config.header(Config.modern()), true)).isEqualTo(ModernInterface.OFFERED);
        assertThat(ModernInterface.of(Config.header(Config.withoutCapabilities()), false)).isEqualTo(ModernInterface.ABSENT);
        assertThat(ModernInterface.of(new byte[0], false)).isEqualTo(ModernInterface.NOT_KNOWN);
    }

    @Test
    void aFunctionThatIsGoneIsNoLegacyDevice() {
        assertThat(ModernInterface.of(Config.allOnes(), true)).isEqualTo(ModernInterface.SILENT);
    }

    @Test
    void aListThatIsALoopEnds() {
        assertThat(ModernInterface.of(Config.of(0x11, 0x44, 0, 0, 9, 0x40, 16, 2), false)).isEqualTo(ModernInterface.ABSENT);
    }

    @Property
    void anyBytesAreUnderstood(@ForAll @Size(max = 300) byte[] config, @ForAll boolean modernId) {
        assertThat(ModernInterface.of(config, modernId)).isNotNull();
    }
}
