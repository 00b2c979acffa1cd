// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the kernel says of this process, apart from what the classes under test believe. */
final class Kernel {
    private static final int F_GETFD = 1;
    private static final int FD_CLOEXEC = 1;

    private Kernel() {
    }

    static boolean isOpen(int fd) {
        return LibC.libc().fcntl(fd, F_GETFD, 0) >= 0;
    }

    static boolean isCloseOnExec(int fd) {
        return LibC.libc().fcntl(fd, F_GETFD, 0) == FD_CLOEXEC;
    }

    /** How many bytes of a range of addresses are mapped to anything. */
    static long mappedBytes(long address, long size) throws IOException {
        try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.mapToLong(line -> overlap(line.split("[- ]"), address, size)).sum();
        }
    }

    private static long overlap(String[] line, long address, long size) {
        long start = Math.max(address, Long.parseUnsignedLong(line[0], 16));
        long unsignedEnd = Long.parseUnsignedLong(line[1], 16);
        long end = unsignedEnd < 0 ? start : Math.min(address + size, unsignedEnd);
        return Math.max(0, end - start);
    }
}
