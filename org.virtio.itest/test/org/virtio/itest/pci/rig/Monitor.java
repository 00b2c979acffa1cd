// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.Map;
import org.virtio.itest.support.Qmp;

/** QEMU's monitor, with values instead of text. Thread-safe. */
record Monitor(Qmp qmp) {
    /**
     * Executes a command.
     *
     * @return what it returns: a map, a list, a string or a number
     * @throws IOException if it fails, with QEMU's reason
     */
    Object execute(String command, Map<String, ?> arguments) throws IOException {
        String answer = qmp.execute(JSON.std.asString(Map.of("execute", command, "arguments", arguments)));
        return JSON.std.mapFrom(answer).get("return");
    }

    /** Executes a command of the monitor for people, in which a device is written as on QEMU's command line. */
    void executeLine(String line) throws IOException {
        Object complaint = execute("human-monitor-command", Map.of("command-line", line));
        if (!complaint.toString().isBlank()) {
            throw new IOException(line + ": " + complaint.toString().strip());
        }
    }

    /** Waits until a device is gone from QEMU. */
    void awaitDeleted(String id) {
        qmp.awaitEvent("DEVICE_DELETED", "\"" + id + "\"");
    }
}
