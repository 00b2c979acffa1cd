// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.device;

import org.osgi.dto.DTO;
import org.virtio.blk.BlockDeviceDTO;
import org.virtio.device.DeviceDTO;

/** All that is known of a device. */
public class InfoDTO extends DTO {
    /** The device. */
    public DeviceDTO device;
    /** The block device that it is; null if it is none, or no driver has it. */
    public BlockDeviceDTO block;
}
