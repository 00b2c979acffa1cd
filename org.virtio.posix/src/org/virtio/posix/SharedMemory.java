// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.virtio.posix.LibC.libc;

/**
 * Memory that other processes can map: memfd_create(2). Its size is sealed before anyone can be given the descriptor, so
 * that no peer can make this JVM fault by cutting the file. Thread-safe.
 */
public final class SharedMemory implements AutoCloseable {
    /** No more seals can be set: fcntl(2), F_ADD_SEALS. */
    public static final int SEAL_SEAL = 1;
    /** The file cannot become shorter. */
    public static final int SEAL_SHRINK = 2;
    /** The file cannot become longer. */
    public static final int SEAL_GROW = 4;
    /** The file's contents cannot be changed. */
    public static final int SEAL_WRITE = 8;

    private static final int MFD_CLOEXEC = 1;
    private static final int MFD_ALLOW_SEALING = 2;
    private static final int MFD_HUGETLB = 4;
    private static final int F_ADD_SEALS = 1033;
    private static final int F_GET_SEALS = 1034;

    private final FileDescriptor fd;
    private final Mapping mapping;

    private SharedMemory(FileDescriptor fd, Mapping mapping) {
        this.fd = fd;
        this.mapping = mapping;
    }

    /**
     * Creates memory filled with zeros, sealed, and maps it for reading and writing.
     *
     * @param name shown in /proc/self/maps, for people; at most 249 bytes of UTF-8
     * @param size bytes, more than zero; rounded up to whole pages, or whole huge pages
     * @param hugePages whether to use the default huge pages of the machine
     * @return the memory, which the caller owns
     * @throws PosixException if there is not enough; with huge pages the message says how to set some aside
     * @throws IllegalArgumentException if size is not positive
     */
    public static SharedMemory create(String name, long size, boolean hugePages) throws PosixException {
        if (size <= 0) {
            throw new IllegalArgumentException("size " + size);
        }
        return hugePages ? createHuge(name, size) : create(name, Posix.roundUp(size, Posix.pageSize()), 0);
    }

    private static SharedMemory createHuge(String name, long size) throws PosixException {
        long page = Posix.hugePageSize();
        if (page == 0) {
            throw new PosixException("memfd_create", name + ": this kernel has no huge pages", Errno.EINVAL);
        }
        long pages = Posix.roundUp(size, page) / page;
        try {
            return create(name, pages * page, MFD_HUGETLB);
        } catch (PosixException e) {
            String advice = name + ": needs " + pages + " free huge pages of " + page
                    + " bytes; set some aside with: sysctl vm.nr_hugepages=<number>";
            PosixException advised = new PosixException(e.call(), advice, e.errno());
            advised.initCause(e);
            throw advised;
        }
    }

    private static SharedMemory create(String name, long size, int flags) throws PosixException {
        int number = libc().memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | flags);
        FileDescriptor fd = FileDescriptor.adopt(LibC.check(number, "memfd_create", name));
        try {
            LibC.check(libc().ftruncate(number, size), "ftruncate", name + " to " + size);
            LibC.check(libc().fcntl(number, F_ADD_SEALS, SEAL_SHRINK | SEAL_GROW | SEAL_SEAL), "fcntl", name + ", F_ADD_SEALS");
            return new SharedMemory(fd, Mapping.map(fd, 0, size, true));
        } catch (PosixException e) {
            fd.close();
            throw e;
        }
    }

    /**
     * What can no longer be done to a file: fcntl(2), F_GET_SEALS. Memory received from a peer is safe from truncation if
     * {@link #SEAL_SHRINK} is among them.
     *
     * @param fd a file
     * @return the sum of the SEAL constants that hold; 0 for a file that cannot be sealed at all
     * @throws PosixException if the kernel cannot tell
     * @throws IllegalStateException if the descriptor is closed
     */
    public static int seals(FileDescriptor fd) throws PosixException {
        int number = fd.use();
        try {
            int seals = libc().fcntl(number, F_GET_SEALS, 0);
            if (seals < 0 && LibC.errno() == Errno.EINVAL) {
                return 0;
            }
            return LibC.check(seals, "fcntl", "F_GET_SEALS");
        } finally {
            fd.release();
        }
    }

    /**
     * The descriptor to send to a peer; it stays this object's.
     *
     * @return the file
     */
    public FileDescriptor fd() {
        return fd;
    }

    /**
     * The memory in this process; it stays this object's.
     *
     * @return the mapping of the whole file
     */
    public Mapping mapping() {
        return mapping;
    }

    /**
     * Size of the memory, in whole pages.
     *
     * @return bytes
     */
    public long size() {
        return mapping.size();
    }

    /** Closes the mapping and the descriptor; a peer that mapped the memory keeps it. Does nothing when closed. */
    @Override
    public void close() {
        mapping.close();
        fd.close();
    }
}
