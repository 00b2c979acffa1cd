// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

import java.io.IOException;
import java.nio.file.Path;

/** Writes to a file of sysfs, by which the kernel is told to do something; it has done it when this returns. */
@FunctionalInterface
interface SysfsWriter {
    /**
     * Writes, with one write(2), to a file that is there.
     *
     * @throws IOException what the kernel says
     */
    void write(Path file, String text) throws IOException;
}
