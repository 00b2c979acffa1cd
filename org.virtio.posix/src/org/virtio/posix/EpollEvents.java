// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.virtio.posix.LibC.libc;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/** An array of struct epoll_event, epoll_ctl(2). Used by one thread at a time. */
final class EpollEvents {
    /** The kernel packs the structure on x86-64, so that 32-bit programs have the same, and nowhere else. */
    private static final boolean PACKED = "amd64".equals(LibC.privileged(() -> System.getProperty("os.arch")));
    private static final int DATA = PACKED ? 4 : 8;
    private static final int SIZE = DATA + Long.BYTES;

    private final int capacity;
    private final ByteBuffer memory;
    private final long address;

    EpollEvents(int capacity) {
        this.capacity = capacity;
        this.memory = LibC.allocate(capacity * SIZE);
        this.address = LibC.address(memory);
    }

    /** Returns 0, or -1 with errno set. */
    static int control(int epoll, int operation, int fd, int events, long id) {
        ByteBuffer event = LibC.allocate(SIZE).putInt(0, events).putLong(DATA, id);
        int result = libc().epoll_ctl(epoll, operation, fd, LibC.address(event));
        Reference.reachabilityFence(event);
        return result;
    }

    /** Waits as {@link PollWait#await(long)} does; returns how many events were written. */
    int await(int epoll, long timeoutNanos) throws PosixException {
        long start = System.nanoTime();
        long remaining = timeoutNanos;
        while (true) {
            int count = libc().epoll_wait(epoll, address, capacity, PollWait.millis(remaining));
            if (count >= 0) {
                return count;
            }
            int errno = LibC.errno();
            if (errno != Errno.EINTR) {
                throw new PosixException("epoll_wait", errno);
            }
            remaining = PollWait.remaining(timeoutNanos, start);
        }
    }

    int events(int index) {
        return memory.getInt(index * SIZE);
    }

    long id(int index) {
        return memory.getLong(index * SIZE + DATA);
    }
}
