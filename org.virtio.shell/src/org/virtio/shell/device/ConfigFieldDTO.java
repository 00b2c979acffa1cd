// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.device;

import org.osgi.dto.DTO;

/** A field of a configuration space. */
public class ConfigFieldDTO extends DTO {
    /** Where it is, in bytes. */
    public int offset;
    /** Its name in the specification. */
    public String name;
    /** Its value: a Long, or, of a MAC address, its octets as text. */
    public Object value;
    /** What its value means, where a number does not say it; else empty. */
    public String meaning = "";
}
