// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.device;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.virtio.device.ConfigSpace;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.spec.DeviceType;

/** The configuration spaces of the device types whose fields are known. */
final class ConfigFields {
    private static final Map<DeviceType, List<ConfigField>> FIELDS = Map.of(
        DeviceType.BLOCK, BlkConfig.FIELDS,
        DeviceType.NETWORK, NetConfig.FIELDS,
        DeviceType.SCSI_HOST, ScsiConfig.FIELDS,
        // Section 5.4.4: it has none.
        DeviceType.ENTROPY, List.of());

    private ConfigFields() {
    }

    static boolean areKnown(DeviceType type) {
        return FIELDS.containsKey(type);
    }

    /** The fields that the features make valid, as of one generation. */
    static List<ConfigFieldDTO> read(DeviceType type, ConfigSpace config, FeatureSet features) throws VirtioException {
        List<ConfigField> valid = FIELDS.get(type).stream().filter(field -> field.isValid(features)).toList();
        return config.readConsistently(space -> {
            List<ConfigFieldDTO> fields = new ArrayList<>();
            for (ConfigField field : valid) {
                fields.add(field.read(space));
            }
            return fields;
        });
    }
}
