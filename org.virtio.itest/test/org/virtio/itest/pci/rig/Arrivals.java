// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import org.virtio.posix.Epoll;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.PosixException;

/** Waits for a descriptor to be readable. */
final class Arrivals implements AutoCloseable {
    private final Epoll epoll = Epoll.create();

    Arrivals(FileDescriptor fd) throws PosixException {
        epoll.add(fd, Epoll.IN, fd);
    }

    boolean await(long timeoutNanos) throws PosixException {
        return epoll.wait(timeoutNanos, (token, events) -> { }) > 0;
    }

    @Override
    public void close() {
        epoll.close();
    }
}
