// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.virtio.device.ConfigSpace;
import org.virtio.device.VirtioException;

class DeviceConfigSpaceTest extends DeviceFixture {
    private ConfigSpace config;

    @BeforeEach
    void openConfig() throws VirtioException {
        for (int i = 0; i < transport.config.length; i++) {
            transport.config[i] = (byte) (0xf0 + i);
        }
        config = open().config();
    }

    @Test
    void fieldsAreLittleEndianAndUnsigned() throws VirtioException {
        assertThat(config.readU8(1)).isEqualTo(0xf1);
        assertThat(config.readU16(2)).isEqualTo(0xf3f2);
        assertThat(config.readU32(4)).isEqualTo(0xf7f6f5f4L);
        assertThat(config.readU64(0)).isEqualTo(0xf7f6f5f4f3f2f1f0L);
        assertThat(config.read(3, 2)).containsExactly(0xf3, 0xf4);
    }

    @Test
    void fieldsAreWrittenLittleEndian() throws VirtioException {
        config.writeU8(0, 0x81);
        config.writeU16(2, 0x8382);
        config.writeU32(4, 0x87868584L);
        config.writeU64(8, 0x8f8e8d8c8b8a8988L);
        assertThat(config.read(0, 16)).containsExactly(0x81, 0xf1, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87,
            0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f);
    }

    @Test
    void aReplyOfTheWrongLengthIsRefused() {
        transport.configShortBy = 1;
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> config.readU32(8))
            .withMessage("4 bytes of configuration asked for at 8, 3 received");
    }

    @Test
    void aChangeDuringAReadHasItReadAgain() throws VirtioException {
        transport.config[0] = 0;
        transport.config[1] = 1;
        AtomicInteger generation = new AtomicInteger();
        transport.generation = generation::get;
        AtomicInteger reads = new AtomicInteger();
        int value = config.readConsistently(fields -> {
            int low = fields.readU8(0);
            if (reads.incrementAndGet() <= 15) {
                transport.config[0]++;
                transport.config[1]++;
                generation.incrementAndGet();
            }
            return fields.readU8(1) - low;
        });
        assertThat(value).isEqualTo(1);
        assertThat(reads).hasValue(16);
    }

    @Test
    void aConfigurationThatNeverRestsIsGivenUpAfter16Tries() {
        AtomicInteger generation = new AtomicInteger();
        transport.generation = generation::incrementAndGet;
        AtomicInteger reads = new AtomicInteger();
        assertThatExceptionOfType(VirtioException.class)
            .isThrownBy(() -> config.readConsistently(fields -> reads.incrementAndGet()))
            .withMessageContaining("changed 16 times");
        assertThat(reads).hasValue(16);
    }

    @Test
    void changesAreTold() {
        transport.listener.configurationChanged();
        transport.listener.configurationChanged();
        assertThat(news).containsExactly("configuration", "configuration");
    }
}
