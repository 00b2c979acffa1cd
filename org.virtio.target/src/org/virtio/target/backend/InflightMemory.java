// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.backend;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.Mapping;
import org.virtio.posix.PosixException;
import org.virtio.posix.SharedMemory;
import org.virtio.target.queue.QueueException;
import org.virtio.target.queue.SplitInflight;
import org.virtio.target.queue.SplitInflightLayout;
import org.virtio.user.message.InflightDescription;

/**
 * The memory in which a session's queues write down what they have in flight: QEMU's {@code docs/interop/vhost-user.rst},
 * section "Inflight I/O tracking". It is made here and kept by the front end, which gives it to the next back end. Used by the
 * session's thread.
 */
final class InflightMemory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(InflightMemory.class);
    private static final int MAX_QUEUE_SIZE = 32768;

    private final String name;
    private final int maxQueues;
    private InflightDescription description;
    private volatile Mapping mapping;
    /** Null if the front end brought the memory. */
    private SharedMemory made;

    /** Without memory yet, of a target that has a name, for messages, and so many queues. */
    InflightMemory(String name, int maxQueues) {
        this.name = name;
        this.maxQueues = maxQueues;
    }

    /**
     * Makes new memory, filled with zeros, and has the queues use it.
     *
     * @param asked for how many queues of what size
     * @return what was made, in the file of {@link #fd}
     */
    InflightDescription make(InflightDescription asked) throws RefusedException {
        long size = size(asked);
        try {
            SharedMemory memory = SharedMemory.create("virtio-inflight", size, false);
            close();
            made = memory;
            mapping = memory.mapping();
        } catch (PosixException e) {
            throw new RefusedException("there is no inflight memory: " + e.getMessage(), e);
        }
        description = new InflightDescription(size, 0, asked.numQueues(), asked.queueSize());
        return description;
    }

    /** The file of what was made last, which the front end did not replace; stays this object's. */
    FileDescriptor fd() {
        return made.fd();
    }

    /**
     * Has the queues use memory that the front end kept.
     *
     * @param fd stays the caller's
     */
    void use(InflightDescription given, FileDescriptor fd) throws RefusedException {
        long size = size(given);
        long offset = given.mmapOffset();
        if (Long.compareUnsigned(given.mmapSize(), size) < 0) {
            throw new RefusedException(String.format("inflight memory of %s bytes is too small for %d queues of %d; expected %d",
                Long.toUnsignedString(given.mmapSize()), given.numQueues(), given.queueSize(), size));
        }
        if (offset < 0 || offset + size < 0 || offset % SplitInflightLayout.ALIGNMENT != 0) {
            throw new RefusedException(String.format("inflight memory at file offset 0x%x; expected a multiple of %d, "
                + "and the end within 63 bits", offset, SplitInflightLayout.ALIGNMENT));
        }
        try {
            warnIfUnsealed(fd);
            // From the start of the file, because an offset that suits pages need not suit huge pages.
            Mapping next = Mapping.map(fd, 0, offset + size, true);
            close();
            mapping = next;
            description = given;
        } catch (PosixException e) {
            throw new RefusedException("cannot map the inflight memory: " + e.getMessage(), e);
        }
    }

    /** As with all memory of a front end: if it cuts the file its queue fails with an InternalError. */
    private void warnIfUnsealed(FileDescriptor fd) throws PosixException {
        if ((SharedMemory.seals(fd) & SharedMemory.SEAL_SHRINK) == 0) {
            LOG.info("Target {}: the inflight memory is not sealed against shrinking", name);
        }
    }

    private long size(InflightDescription wanted) throws RefusedException {
        int queues = wanted.numQueues();
        int queueSize = wanted.queueSize();
        if (queues < 1 || queues > maxQueues || queueSize < 1 || queueSize > MAX_QUEUE_SIZE) {
            throw new RefusedException("inflight memory for " + queues + " queues of " + queueSize + "; expected 1 to "
                + maxQueues + " of 1 to " + MAX_QUEUE_SIZE);
        }
        return (long) queues * SplitInflightLayout.partSize(queueSize);
    }

    /**
     * Where a split queue writes.
     *
     * @param index of the queue, from 0
     * @param size  descriptors of the queue
     * @return null if there is no memory, because the front end does not want any
     * @throws QueueException if the memory has no room for it
     */
    SplitInflight queue(int index, int size) throws QueueException {
        if (mapping == null) {
            return null;
        }
        if (index >= description.numQueues() || size > description.queueSize()) {
            throw new QueueException("the inflight memory is for " + description.numQueues() + " queues of "
                + description.queueSize() + " descriptors; queue " + index + " has " + size);
        }
        int all = description.numQueues() * SplitInflightLayout.partSize(description.queueSize());
        return new SplitInflight(mapping.buffer(description.mmapOffset(), all), index, description.queueSize());
    }

    /** Whether there is memory. May be called by any thread. */
    boolean isThere() {
        return mapping != null;
    }

    /** Gives the memory back; the front end keeps what it has. */
    @Override
    public void close() {
        if (mapping != null) {
            mapping.close();
            mapping = null;
        }
        if (made != null) {
            made.close();
            made = null;
        }
    }
}
