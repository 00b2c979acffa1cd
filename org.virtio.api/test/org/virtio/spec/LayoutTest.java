// SPDX-License-Identifier: Apache-2.0
package org.virtio.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The specification's own sums (section 2.7): descriptors 16 bytes, available ring 6 + 2 n, used ring 6 + 8 n. */
class LayoutTest {
    @Test
    void splitRingAreasHaveTheSpecificationsSizes() {
        for (int size = 1; size <= SplitRingLayout.MAX_SIZE; size *= 2) {
            assertThat(SplitRingLayout.descriptorTableSize(size)).isEqualTo(16 * size);
            assertThat(SplitRingLayout.availableRingSize(size)).isEqualTo(6 + 2 * size);
            assertThat(SplitRingLayout.usedRingSize(size)).isEqualTo(6 + 8 * size);
            assertThat(SplitRingLayout.checkSize(size)).isEqualTo(size);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 3, 1000, 65536, Integer.MIN_VALUE})
    void aQueueSizeThatCannotBeIsRefusedWithItsNumber(int size) {
        assertThatThrownBy(() -> SplitRingLayout.checkSize(size)).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining(Integer.toString(size));
    }

    @Test
    void packedRingAreasHaveTheSpecificationsSizes() {
        assertThat(PackedRingLayout.DESCRIPTOR_FLAGS + 2).isEqualTo(PackedRingLayout.DESCRIPTOR_SIZE);
        assertThat(PackedRingLayout.EVENT_FLAGS + 2).isEqualTo(PackedRingLayout.EVENT_SIZE);
        assertThat(PackedRingLayout.F_AVAIL).isEqualTo(0x80);
        assertThat(PackedRingLayout.F_USED).isEqualTo(0x8000);
        for (int size : new int[] {1, 3, 256, PackedRingLayout.MAX_SIZE}) {
            assertThat(PackedRingLayout.descriptorRingSize(size)).isEqualTo(16 * size);
            assertThat(PackedRingLayout.checkSize(size)).isEqualTo(size);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 32769, Integer.MIN_VALUE})
    void aPackedQueueSizeThatCannotBeIsRefusedWithItsNumber(int size) {
        assertThatThrownBy(() -> PackedRingLayout.checkSize(size)).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining(Integer.toString(size));
    }

    @Test
    void blockConfigurationFieldsFollowOneAnother() {
        assertThat(BlkConfigLayout.SIZE_MAX).isEqualTo(BlkConfigLayout.CAPACITY + 8);
        assertThat(BlkConfigLayout.SEG_MAX).isEqualTo(BlkConfigLayout.SIZE_MAX + 4);
        assertThat(BlkConfigLayout.CYLINDERS).isEqualTo(BlkConfigLayout.SEG_MAX + 4);
        assertThat(BlkConfigLayout.BLK_SIZE).isEqualTo(BlkConfigLayout.SECTORS + 1);
        assertThat(BlkConfigLayout.PHYSICAL_BLOCK_EXP).isEqualTo(BlkConfigLayout.BLK_SIZE + 4);
        assertThat(BlkConfigLayout.OPT_IO_SIZE).isEqualTo(BlkConfigLayout.MIN_IO_SIZE + 2);
        assertThat(BlkConfigLayout.WRITEBACK).isEqualTo(BlkConfigLayout.OPT_IO_SIZE + 4);
        assertThat(BlkConfigLayout.MAX_DISCARD_SECTORS).isEqualTo(BlkConfigLayout.NUM_QUEUES + 2);
        assertThat(BlkConfigLayout.MAX_WRITE_ZEROES_SECTORS).isEqualTo(BlkConfigLayout.DISCARD_SECTOR_ALIGNMENT + 4);
        assertThat(BlkConfigLayout.SIZE).isEqualTo(BlkConfigLayout.WRITE_ZEROES_MAY_UNMAP + 4);
    }

    @Test
    void networkConfigurationFieldsFollowOneAnother() {
        assertThat(NetConfigLayout.STATUS).isEqualTo(NetConfigLayout.MAC + NetConfigLayout.MAC_SIZE);
        assertThat(NetConfigLayout.MAX_VIRTQUEUE_PAIRS).isEqualTo(NetConfigLayout.STATUS + 2);
        assertThat(NetConfigLayout.MTU).isEqualTo(NetConfigLayout.MAX_VIRTQUEUE_PAIRS + 2);
        assertThat(NetConfigLayout.SPEED).isEqualTo(NetConfigLayout.MTU + 2);
        assertThat(NetConfigLayout.DUPLEX).isEqualTo(NetConfigLayout.SPEED + 4);
        assertThat(NetConfigLayout.RSS_MAX_KEY_SIZE).isEqualTo(NetConfigLayout.DUPLEX + 1);
        assertThat(NetConfigLayout.RSS_MAX_INDIRECTION_TABLE_LENGTH).isEqualTo(NetConfigLayout.RSS_MAX_KEY_SIZE + 1);
        assertThat(NetConfigLayout.SUPPORTED_HASH_TYPES).isEqualTo(NetConfigLayout.RSS_MAX_INDIRECTION_TABLE_LENGTH + 2);
        assertThat(NetConfigLayout.SUPPORTED_TUNNEL_TYPES).isEqualTo(NetConfigLayout.SUPPORTED_HASH_TYPES + 4);
        assertThat(NetConfigLayout.SIZE).isEqualTo(28).isEqualTo(NetConfigLayout.SUPPORTED_TUNNEL_TYPES + 4);
    }

    @Test
    void scsiConfigurationFieldsFollowOneAnother() {
        assertThat(ScsiConfigLayout.SEG_MAX).isEqualTo(ScsiConfigLayout.NUM_QUEUES + 4);
        assertThat(ScsiConfigLayout.MAX_SECTORS).isEqualTo(ScsiConfigLayout.SEG_MAX + 4);
        assertThat(ScsiConfigLayout.CMD_PER_LUN).isEqualTo(ScsiConfigLayout.MAX_SECTORS + 4);
        assertThat(ScsiConfigLayout.EVENT_INFO_SIZE).isEqualTo(ScsiConfigLayout.CMD_PER_LUN + 4);
        assertThat(ScsiConfigLayout.SENSE_SIZE).isEqualTo(ScsiConfigLayout.EVENT_INFO_SIZE + 4);
        assertThat(ScsiConfigLayout.CDB_SIZE).isEqualTo(ScsiConfigLayout.SENSE_SIZE + 4);
        assertThat(ScsiConfigLayout.MAX_CHANNEL).isEqualTo(ScsiConfigLayout.CDB_SIZE + 4);
        assertThat(ScsiConfigLayout.MAX_TARGET).isEqualTo(ScsiConfigLayout.MAX_CHANNEL + 2);
        assertThat(ScsiConfigLayout.MAX_LUN).isEqualTo(ScsiConfigLayout.MAX_TARGET + 2);
        assertThat(ScsiConfigLayout.SIZE).isEqualTo(36).isEqualTo(ScsiConfigLayout.MAX_LUN + 4);
    }

    @ParameterizedTest
    @CsvSource({"BLOCK, BLK_, 14", "NETWORK, NET_, 36", "SCSI_HOST, SCSI_, 4", "ENTROPY, RNG_, 0"})
    void featuresHaveNamesOfTheirOwnWithTheTypesPrefix(DeviceType type, String prefix, int count) {
        // The ranges that are a device type's own (section 2.2).
        List<String> names = IntStream.concat(IntStream.rangeClosed(0, 23), IntStream.rangeClosed(50, 127))
            .mapToObj(bit -> Feature.name(type, bit)).filter(name -> !name.startsWith("bit ")).toList();
        assertThat(names).hasSize(count).doesNotHaveDuplicates().allMatch(name -> name.startsWith(prefix));
    }

    @Test
    void deviceTypesAreUniqueAndFoundByBothNames() {
        assertThat(Arrays.stream(DeviceType.values()).map(DeviceType::id)).doesNotHaveDuplicates();
        assertThat(Arrays.stream(DeviceType.values()).map(DeviceType::shortName)).doesNotHaveDuplicates();
        for (DeviceType type : DeviceType.values()) {
            assertThat(DeviceType.of(type.id())).isSameAs(type);
            assertThat(DeviceType.of(type.shortName())).isSameAs(type);
        }
        assertThat(DeviceType.of(2)).isSameAs(DeviceType.BLOCK);
        assertThatThrownBy(() -> DeviceType.of(14)).hasMessageContaining("14");
        assertThatThrownBy(() -> DeviceType.of("floppy")).hasMessageContaining("floppy");
    }

    @Test
    void statusPrintsByNameAndKeepsWhatItDoesNotKnow() {
        assertThat(DeviceStatus.toString(0)).isEqualTo("RESET");
        assertThat(DeviceStatus.toString(15)).isEqualTo("ACKNOWLEDGE|DRIVER|FEATURES_OK|DRIVER_OK");
        assertThat(DeviceStatus.toString(0x91)).isEqualTo("ACKNOWLEDGE|FAILED|0x10");
    }
}
