// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.device;

import org.osgi.dto.DTO;

/** A feature that a device offers. */
public class FeatureDTO extends DTO {
    /** Its name. */
    public String name;
    /** Whether it is in force. */
    public boolean negotiated;
}
