// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.virtio.posix.LibC.libc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Facts of the machine and of this process. Thread-safe. */
public final class Posix {
    private static final int SC_PAGESIZE = 30;
    private static final long PAGE_SIZE = libc().sysconf(SC_PAGESIZE);

    private Posix() {
    }

    /**
     * Size of a page: sysconf(3), _SC_PAGESIZE.
     *
     * @return bytes, a power of two
     */
    public static long pageSize() {
        return PAGE_SIZE;
    }

    /**
     * Size of a default huge page: the line Hugepagesize of /proc/meminfo, proc(5).
     *
     * @return bytes, a power of two; 0 if the kernel has no huge pages
     */
    public static long hugePageSize() {
        try (var lines = Files.lines(Path.of("/proc/meminfo"))) {
            return lines.filter(line -> line.startsWith("Hugepagesize:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                    .findFirst().orElse(0);
        } catch (IOException e) {
            return 0;
        }
    }

    /**
     * Size of the pages that hold a file's contents in memory: its huge pages, if it is on hugetlbfs, or was made by
     * memfd_create(2) with MFD_HUGETLB; else {@link #pageSize()}.
     *
     * @param fd the file's number, which its owner keeps open during the call
     * @return bytes, a power of two
     * @throws PosixException EBADF if the number is not open
     */
    public static long pageSize(int fd) throws PosixException {
        return FileStatus.mappingUnit(fd);
    }

    /**
     * This process: getpid(2).
     *
     * @return the process id
     */
    public static long pid() {
        return ProcessHandle.current().pid();
    }

    /** Rounds up to whole units; the unit is a power of two. */
    static long roundUp(long size, long unit) {
        return Math.addExact(size, unit - 1) & -unit;
    }
}
