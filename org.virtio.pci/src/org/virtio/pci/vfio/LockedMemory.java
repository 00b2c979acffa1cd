// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How much memory this process may have pinned: RLIMIT_MEMLOCK, getrlimit(2). */
final class LockedMemory {
    private static final Path LIMITS = Path.of("/proc/self/limits");
    private static final String NAME = "Max locked memory";

    private LockedMemory() {
    }

    /** The limit, for people: a number of bytes, or {@code unlimited}. */
    static String limit() {
        try {
            return limit(Files.readString(LIMITS));
        } catch (IOException e) {
            return "not known";
        }
    }

    static String limit(String limits) {
        return limits.lines().filter(line -> line.startsWith(NAME)).findFirst()
            .map(line -> line.substring(NAME.length()).strip().split("\\s+")[0])
            .map(soft -> soft.equals("unlimited") ? soft : soft + " bytes").orElse("not known");
    }
}
