// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.data;

import org.osgi.dto.DTO;

/** A range of a block device that something was done with. */
public class RangeDTO extends DTO {
    /** The device. */
    public String device;
    /** What was done: {@code filled}, {@code verified}, {@code copied}. */
    public String action;
    /** Where it begins, in bytes. */
    public long position;
    /** Bytes. */
    public long length;
    /** How long it took. */
    public long nanos;
}
