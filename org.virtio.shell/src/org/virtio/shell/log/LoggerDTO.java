// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.log;

import org.osgi.dto.DTO;

/** A logger and its level. */
public class LoggerDTO extends DTO {
    /** Its name, or {@value LogLevels#ROOT}. */
    public String name;
    /** The least level that is logged: {@code trace}, {@code debug}, {@code info}, {@code warn}, {@code error}, {@code off}. */
    public String level;
    /** The logger whose level that is: this one, or the nearest above it that has one. */
    public String from;
}
