// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.backend;

import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.SharedMemory;
import org.virtio.target.queue.DriverMemory;
import org.virtio.target.queue.MemoryRegion;
import org.virtio.user.message.RegionDescription;

/** The memory that a front end shares; it owns the regions. Used by the session's thread. */
final class FrontEndMemory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FrontEndMemory.class);

    private final String name;
    private DriverMemory table = DriverMemory.NONE;
    private boolean saidUnsealed;

    /** With the name of the target, for messages. */
    FrontEndMemory(String name) {
        this.name = name;
    }

    /** What is shared now; good until the next change. */
    DriverMemory table() {
        return table;
    }

    /**
     * Shares one more region. No queue runs.
     *
     * @param fd stays the caller's
     */
    void add(RegionDescription description, FileDescriptor fd) throws RefusedException {
        try {
            MemoryRegion region = MemoryRegion.map(description.guestAddress(), description.userAddress(), description.size(),
                fd, description.mmapOffset());
            try {
                table = table.with(region);
            } catch (IOException e) {
                region.close();
                throw e;
            }
            warnIfUnsealed(fd);
        } catch (IOException e) {
            throw new RefusedException("cannot map the front end's memory: " + e.getMessage(), e);
        }
    }

    /** A front end that cuts the file makes its queue fail with an InternalError; QEMU does not seal, so it is served. */
    private void warnIfUnsealed(FileDescriptor fd) throws IOException {
        if (!saidUnsealed && (SharedMemory.seals(fd) & SharedMemory.SEAL_SHRINK) == 0) {
            saidUnsealed = true;
            LOG.info("Target {}: the front end's memory is not sealed against shrinking", name);
        }
    }

    /** Takes a region away. No queue runs. */
    void remove(RegionDescription description) throws RefusedException {
        for (MemoryRegion region : table.regions()) {
            if (region.is(description.guestAddress(), description.userAddress(), description.size())) {
                table = table.without(region);
                region.close();
                return;
            }
        }
        throw new RefusedException(String.format("no memory region of 0x%x bytes at guest address 0x%x, user address 0x%x",
            description.size(), description.guestAddress(), description.userAddress()));
    }

    /** Takes all regions away. No queue runs. */
    void clear() {
        DriverMemory old = table;
        table = DriverMemory.NONE;
        old.regions().forEach(MemoryRegion::close);
    }

    @Override
    public void close() {
        clear();
    }
}
