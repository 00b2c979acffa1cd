// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.device;

import java.util.List;
import org.virtio.shell.print.Units;
import org.virtio.spec.BlkConfigLayout;
import org.virtio.spec.ScsiConfigLayout;

/** The SCSI host device's configuration space, all of which is always valid (VIRTIO 1.3, section 5.6.4). */
final class ScsiConfig {
    static final List<ConfigField> FIELDS = List.of(
        ConfigField.of(ScsiConfigLayout.NUM_QUEUES, 4, "num_queues"),
        ConfigField.of(ScsiConfigLayout.SEG_MAX, 4, "seg_max"),
        ConfigField.of(ScsiConfigLayout.MAX_SECTORS, 4, "max_sectors",
            value -> Units.bytes(value * BlkConfigLayout.SECTOR_SIZE)),
        ConfigField.of(ScsiConfigLayout.CMD_PER_LUN, 4, "cmd_per_lun"),
        ConfigField.of(ScsiConfigLayout.EVENT_INFO_SIZE, 4, "event_info_size", Units::bytes),
        ConfigField.of(ScsiConfigLayout.SENSE_SIZE, 4, "sense_size", Units::bytes),
        ConfigField.of(ScsiConfigLayout.CDB_SIZE, 4, "cdb_size", Units::bytes),
        ConfigField.of(ScsiConfigLayout.MAX_CHANNEL, 2, "max_channel"),
        ConfigField.of(ScsiConfigLayout.MAX_TARGET, 2, "max_target"),
        ConfigField.of(ScsiConfigLayout.MAX_LUN, 4, "max_lun"));

    private ScsiConfig() {
    }
}
