// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.device;

import java.util.List;
import java.util.function.LongFunction;
import org.virtio.shell.print.Units;
import org.virtio.spec.BlkConfigLayout;
import org.virtio.spec.BlkFeature;

/** The block device's configuration space (VIRTIO 1.3, section 5.2.4). */
final class BlkConfig {
    private static final LongFunction<String> BYTES = value -> value == 0 ? "no limit" : Units.bytes(value);
    private static final LongFunction<String> SECTORS = value -> Units.bytes(value * BlkConfigLayout.SECTOR_SIZE);

    private static final LongFunction<String> BLOCKS = value ->
        value == 0 ? "not known" : value == 1 ? "1 block" : value + " blocks";

    static final List<ConfigField> FIELDS = List.of(
        ConfigField.of(BlkConfigLayout.CAPACITY, 8, "capacity", SECTORS),
        ConfigField.of(BlkConfigLayout.SIZE_MAX, 4, "size_max", BYTES, BlkFeature.SIZE_MAX),
        ConfigField.of(BlkConfigLayout.SEG_MAX, 4, "seg_max", BlkFeature.SEG_MAX),
        ConfigField.of(BlkConfigLayout.CYLINDERS, 2, "cylinders", BlkFeature.GEOMETRY),
        ConfigField.of(BlkConfigLayout.HEADS, 1, "heads", BlkFeature.GEOMETRY),
        ConfigField.of(BlkConfigLayout.SECTORS, 1, "sectors", BlkFeature.GEOMETRY),
        ConfigField.of(BlkConfigLayout.BLK_SIZE, 4, "blk_size", BYTES, BlkFeature.BLK_SIZE),
        ConfigField.of(BlkConfigLayout.PHYSICAL_BLOCK_EXP, 1, "physical_block_exp",
            value -> BLOCKS.apply(1L << value) + " per physical block", BlkFeature.TOPOLOGY),
        ConfigField.of(BlkConfigLayout.ALIGNMENT_OFFSET, 1, "alignment_offset", BlkFeature.TOPOLOGY),
        ConfigField.of(BlkConfigLayout.MIN_IO_SIZE, 2, "min_io_size", BLOCKS, BlkFeature.TOPOLOGY),
        ConfigField.of(BlkConfigLayout.OPT_IO_SIZE, 4, "opt_io_size", BLOCKS, BlkFeature.TOPOLOGY),
        ConfigField.of(BlkConfigLayout.WRITEBACK, 1, "writeback",
            value -> value == 0 ? "writethrough" : "writeback", BlkFeature.CONFIG_WCE),
        ConfigField.of(BlkConfigLayout.NUM_QUEUES, 2, "num_queues", BlkFeature.MQ),
        ConfigField.of(BlkConfigLayout.MAX_DISCARD_SECTORS, 4, "max_discard_sectors", SECTORS, BlkFeature.DISCARD),
        ConfigField.of(BlkConfigLayout.MAX_DISCARD_SEG, 4, "max_discard_seg", BlkFeature.DISCARD),
        ConfigField.of(BlkConfigLayout.DISCARD_SECTOR_ALIGNMENT, 4, "discard_sector_alignment", SECTORS, BlkFeature.DISCARD),
        ConfigField.of(BlkConfigLayout.MAX_WRITE_ZEROES_SECTORS, 4, "max_write_zeroes_sectors",
            SECTORS, BlkFeature.WRITE_ZEROES),
        ConfigField.of(BlkConfigLayout.MAX_WRITE_ZEROES_SEG, 4, "max_write_zeroes_seg", BlkFeature.WRITE_ZEROES),
        ConfigField.of(BlkConfigLayout.WRITE_ZEROES_MAY_UNMAP, 1, "write_zeroes_may_unmap",
            value -> value == 0 ? "no" : "yes", BlkFeature.WRITE_ZEROES));

    private BlkConfig() {
    }
}
