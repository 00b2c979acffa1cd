// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.data;

import org.osgi.dto.DTO;

/** Bytes that were read from a block device. */
public class BytesDTO extends DTO {
    /** Where the first was, in bytes. */
    public long position;
    /** The bytes. */
    public byte[] bytes;
}
