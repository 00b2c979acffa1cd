// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.log;

import java.util.Map;
import java.util.Set;

/** The levels of a log back end, under SLF4J's names in lower case. */
interface LogLevels {
    /** The logger above all others. */
    String ROOT = "ROOT";

    /** Levels that were set, by logger, the one of {@value #ROOT} among them. */
    Map<String, String> levels() throws Exception;

    /** Loggers that are known to exist. */
    Set<String> loggers();

    /**
     * Sets the level of a logger, and of all below it that have none of their own.
     *
     * @param level null to have that of the logger above; not of {@value #ROOT}
     */
    void set(String logger, String level) throws Exception;
}
