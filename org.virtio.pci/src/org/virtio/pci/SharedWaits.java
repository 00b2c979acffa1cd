// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.virtio.device.VirtioException;
import org.virtio.posix.EventFd;
import org.virtio.posix.PosixException;

/** The waits of queues that share an interrupt: when it arrives, all are woken. Thread-safe. */
final class SharedWaits {
    private final List<UsedWait> waits = new CopyOnWriteArrayList<>();

    /** A further one. */
    UsedWait add() throws VirtioException {
        try {
            UsedWait wait = new EventFdWait(EventFd.create(), true) {
                @Override
                public void close() {
                    waits.remove(this);
                    super.close();
                }
            };
            waits.add(wait);
            return wait;
        } catch (PosixException e) {
            throw new VirtioException("no eventfd for a queue: " + e.getMessage(), e);
        }
    }

    void wakeAll() {
        waits.forEach(UsedWait::wakeup);
    }

    void closeAll() {
        waits.forEach(UsedWait::close);
    }
}
