// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.virtio.pci.sysfs.KernelFiles;

/**
 * Which processes have which files below /dev, and which functions' configuration space, open, as far as this one may know:
 * proc(5), /proc/pid/fd. A snapshot.
 */
final class OpenDeviceFiles {
    private static final String DEVICES = "/dev/";
    private static final String CONFIGURATION = "/config";

    private final Map<String, String> ofOthers = new HashMap<>();
    private final Set<String> own = new HashSet<>();

    OpenDeviceFiles(Path proc) {
        String self = KernelFiles.target(proc.resolve("self"));
        for (Path process : KernelFiles.children(proc)) {
            String id = KernelFiles.name(process);
            if (id.equals(self)) {
                devices(process).forEach(own::add);
            } else if (Character.isDigit(id.charAt(0))) {
                String name = "process " + id + " (" + KernelFiles.text(process.resolve("comm")) + ")";
                devices(process).forEach(file -> ofOthers.put(file, name));
            }
        }
    }

    private static Set<String> devices(Path process) {
        Set<String> files = new HashSet<>();
        for (Path fd : KernelFiles.children(process.resolve("fd"))) {
            try {
                String file = Files.readSymbolicLink(fd).toString();
                if (file.startsWith(DEVICES) || file.endsWith(CONFIGURATION)) {
                    files.add(file);
                }
            } catch (IOException e) {
                // Closed meanwhile, so that there is nothing to tell of it.
            }
        }
        return files;
    }

    /** Who has a file open, this process or another; null if nobody is seen to. */
    String user(String file) {
        String other = otherUser(file);
        return other == null && own.contains(file) ? "this process" : other;
    }

    /** What other process has a file open; null if none is seen to. */
    String otherUser(String file) {
        return ofOthers.get(file);
    }
}
