// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.device;

import org.osgi.dto.DTO;

/** A transport that devices can be attached by. */
public class TransportDTO extends DTO {
    /** The scheme of its addresses. */
    public String scheme;
    /** Devices that are attached by it. */
    public int devices;
}
