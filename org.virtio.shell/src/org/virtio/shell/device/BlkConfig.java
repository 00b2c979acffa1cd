// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.device;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import org.virtio.device.ConfigSpace;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.shell.print.Units;
import org.virtio.spec.BlkConfigLayout;
import org.virtio.spec.BlkFeature;

/** The fields of a block device's configuration space that its features make valid (VIRTIO 1.3, section 5.2.4). */
final class BlkConfig {
    private static final int ALWAYS = -1;
    private static final LongFunction<String> NUMBER = value -> "";
    private static final LongFunction<String> BYTES = value -> value == 0 ? "no limit" : Units.bytes(value);
    private static final LongFunction<String> SECTORS = value -> Units.bytes(value * BlkConfigLayout.SECTOR_SIZE);

    private static final LongFunction<String> BLOCKS = value ->
        value == 0 ? "not known" : value == 1 ? "1 block" : value + " blocks";

    private record Field(int offset, int bytes, String name, int feature, LongFunction<String> meaning) {
    }

    private static final List<Field> FIELDS = List.of(
        new Field(BlkConfigLayout.CAPACITY, 8, "capacity", ALWAYS, SECTORS),
        new Field(BlkConfigLayout.SIZE_MAX, 4, "size_max", BlkFeature.SIZE_MAX, BYTES),
        new Field(BlkConfigLayout.SEG_MAX, 4, "seg_max", BlkFeature.SEG_MAX, NUMBER),
        new Field(BlkConfigLayout.CYLINDERS, 2, "cylinders", BlkFeature.GEOMETRY, NUMBER),
        new Field(BlkConfigLayout.HEADS, 1, "heads", BlkFeature.GEOMETRY, NUMBER),
        new Field(BlkConfigLayout.SECTORS, 1, "sectors", BlkFeature.GEOMETRY, NUMBER),
        new Field(BlkConfigLayout.BLK_SIZE, 4, "blk_size", BlkFeature.BLK_SIZE, BYTES),
        new Field(BlkConfigLayout.PHYSICAL_BLOCK_EXP, 1, "physical_block_exp", BlkFeature.TOPOLOGY,
            value -> BLOCKS.apply(1L << value) + " per physical block"),
        new Field(BlkConfigLayout.ALIGNMENT_OFFSET, 1, "alignment_offset", BlkFeature.TOPOLOGY, NUMBER),
        new Field(BlkConfigLayout.MIN_IO_SIZE, 2, "min_io_size", BlkFeature.TOPOLOGY, BLOCKS),
        new Field(BlkConfigLayout.OPT_IO_SIZE, 4, "opt_io_size", BlkFeature.TOPOLOGY, BLOCKS),
        new Field(BlkConfigLayout.WRITEBACK, 1, "writeback", BlkFeature.CONFIG_WCE,
            value -> value == 0 ? "writethrough" : "writeback"),
        new Field(BlkConfigLayout.NUM_QUEUES, 2, "num_queues", BlkFeature.MQ, NUMBER),
        new Field(BlkConfigLayout.MAX_DISCARD_SECTORS, 4, "max_discard_sectors", BlkFeature.DISCARD, SECTORS),
        new Field(BlkConfigLayout.MAX_DISCARD_SEG, 4, "max_discard_seg", BlkFeature.DISCARD, NUMBER),
        new Field(BlkConfigLayout.DISCARD_SECTOR_ALIGNMENT, 4, "discard_sector_alignment", BlkFeature.DISCARD, SECTORS),
        new Field(BlkConfigLayout.MAX_WRITE_ZEROES_SECTORS, 4, "max_write_zeroes_sectors", BlkFeature.WRITE_ZEROES, SECTORS),
        new Field(BlkConfigLayout.MAX_WRITE_ZEROES_SEG, 4, "max_write_zeroes_seg", BlkFeature.WRITE_ZEROES, NUMBER),
        new Field(BlkConfigLayout.WRITE_ZEROES_MAY_UNMAP, 1, "write_zeroes_may_unmap", BlkFeature.WRITE_ZEROES,
            value -> value == 0 ? "no" : "yes"));

    private BlkConfig() {
    }

    static List<ConfigFieldDTO> read(ConfigSpace config, FeatureSet features) throws VirtioException {
        return config.readConsistently(space -> {
            List<ConfigFieldDTO> fields = new ArrayList<>();
            for (Field field : FIELDS) {
                if (field.feature == ALWAYS || features.contains(field.feature)) {
                    fields.add(read(space, field));
                }
            }
            return fields;
        });
    }

    private static ConfigFieldDTO read(ConfigSpace space, Field field) throws VirtioException {
        ConfigFieldDTO result = new ConfigFieldDTO();
        result.offset = field.offset;
        result.name = field.name;
        result.value = switch (field.bytes) {
            case 1 -> space.readU8(field.offset);
            case 2 -> space.readU16(field.offset);
            case 4 -> space.readU32(field.offset);
            default -> space.readU64(field.offset);
        };
        result.meaning = field.meaning.apply(result.value);
        return result;
    }
}
