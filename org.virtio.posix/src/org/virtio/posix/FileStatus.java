// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.virtio.posix.LibC.libc;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/**
 * What kind of file something is, and which: statx(2), because struct stat has a different layout on each architecture.
 *
 * @param mode type and permissions
 * @param size bytes
 * @param device the file system
 * @param inode the file within it
 */
record FileStatus(int mode, long size, long device, long inode) {
    private static final int AT_FDCWD = -100;
    private static final int AT_SYMLINK_NOFOLLOW = 0x100;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int STATX_BASIC_STATS = 0x7ff;
    private static final int STATX_SIZE = 256;
    private static final int MODE = 28;
    private static final int INODE = 32;
    private static final int SIZE = 40;
    private static final int DEVICE = 136;

    private static final int S_IFMT = 0xf000;
    private static final int S_IFSOCK = 0xc000;
    private static final int S_IFREG = 0x8000;
    private static final int S_IFDIR = 0x4000;

    private static final int STATFS_SIZE = 120;
    private static final int STATFS_BLOCK_SIZE = 8;
    private static final int HUGETLBFS_MAGIC = 0x958458f6;

    /** The file that a name stands for; a symbolic link stands for itself. */
    static FileStatus of(String path) throws PosixException {
        return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, path);
    }

    static FileStatus of(int fd) throws PosixException {
        return statx(fd, "", AT_EMPTY_PATH, "fd " + fd);
    }

    private static FileStatus statx(int directory, String path, int flags, String detail) throws PosixException {
        ByteBuffer status = LibC.allocate(STATX_SIZE);
        int result = libc().statx(directory, path, flags, STATX_BASIC_STATS, LibC.address(status));
        Reference.reachabilityFence(status);
        LibC.check(result, "statx", detail);
        return new FileStatus(status.getShort(MODE) & 0xffff, status.getLong(SIZE), status.getLong(DEVICE),
                status.getLong(INODE));
    }

    /** The unit in which the kernel maps and unmaps a file: its huge page on hugetlbfs, a page elsewhere. */
    static long mappingUnit(int fd) throws PosixException {
        ByteBuffer status = LibC.allocate(STATFS_SIZE);
        int result = libc().fstatfs(fd, LibC.address(status));
        Reference.reachabilityFence(status);
        LibC.check(result, "fstatfs", "fd " + fd);
        return (int) status.getLong(0) == HUGETLBFS_MAGIC ? status.getLong(STATFS_BLOCK_SIZE) : Posix.pageSize();
    }

    boolean isSocket() {
        return (mode & S_IFMT) == S_IFSOCK;
    }

    boolean isRegular() {
        return (mode & S_IFMT) == S_IFREG;
    }

    boolean isDirectory() {
        return (mode & S_IFMT) == S_IFDIR;
    }

    boolean isSameFile(FileStatus other) {
        return device == other.device && inode == other.inode;
    }
}
