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
import org.virtio.user.message.Message;

/**
 * The memory in which a session's queues write down what they have in flight: QEMU's {@code docs/interop/vhost-user.rst},
 * section "Inflight I/O tracking". A target makes it, and the front end keeps it and gives it to the next one. Used by the
 * session's thread.
 */
final class InflightMemory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(InflightMemory.class);
    private static final int MAX_QUEUE_SIZE = 32768;

    private final InflightDescription description;
    private final Mapping mapping;
    /** Null if the front end brought the memory. */
    private final SharedMemory made;

    private InflightMemory(InflightDescription description, Mapping mapping, SharedMemory made) {
        this.description = description;
        this.mapping = mapping;
        this.made = made;
    }

    /**
     * Makes memory, filled with zeros.
     *
     * @param asked     for how many queues of what size
     * @param maxQueues that the target has
     */
    static InflightMemory make(InflightDescription asked, int maxQueues) throws RefusedException {
        long size = size(asked, maxQueues);
        try {
            SharedMemory memory = SharedMemory.create("virtio-inflight", size, false);
            return new InflightMemory(new InflightDescription(size, 0, asked.numQueues(), asked.queueSize()), memory.mapping(),
                memory);
        } catch (PosixException e) {
            throw new RefusedException("there is no inflight memory: " + e.getMessage(), e);
        }
    }

    /**
     * Maps memory that the front end kept.
     *
     * @param message   describes it, and passes its file
     * @param maxQueues that the target has
     */
    static InflightMemory map(Message message, int maxQueues) throws RefusedException {
        InflightDescription given = message.inflight();
        long size = size(given, maxQueues);
        long offset = given.mmapOffset();
        if (Long.compareUnsigned(given.mmapSize(), size) < 0) {
            throw new RefusedException(String.format("inflight memory of %s bytes is too small for %d queues of %d; expected %d",
                Long.toUnsignedString(given.mmapSize()), given.numQueues(), given.queueSize(), size));
        }
        if (offset < 0 || offset + size < 0 || offset % SplitInflightLayout.ALIGNMENT != 0) {
            throw new RefusedException(String.format("inflight memory at file offset 0x%x; expected a multiple of %d, "
                + "and the end within 63 bits", offset, SplitInflightLayout.ALIGNMENT));
        }
        try (FileDescriptor fd = message.takeFd(0)) {
            sayIfUnsealed(fd);
            // From the start of the file, because an offset that suits pages need not suit huge pages.
            return new InflightMemory(given, Mapping.map(fd, 0, offset + size, true), null);
        } catch (PosixException e) {
            throw new RefusedException("cannot map the inflight memory: " + e.getMessage(), e);
        }
    }

    private static long size(InflightDescription wanted, int maxQueues) throws RefusedException {
        int queues = wanted.numQueues();
        int queueSize = wanted.queueSize();
        if (queues < 1 || queues > maxQueues || queueSize < 1 || queueSize > MAX_QUEUE_SIZE) {
            throw new RefusedException("inflight memory for " + queues + " queues of " + queueSize + "; expected 1 to "
                + maxQueues + " of 1 to " + MAX_QUEUE_SIZE);
        }
        return (long) queues * SplitInflightLayout.partSize(queueSize);
    }

    /** As with all memory of a front end: one that cuts the file makes its queue fail with an InternalError. */
    private static void sayIfUnsealed(FileDescriptor fd) throws PosixException {
        if ((SharedMemory.seals(fd) & SharedMemory.SEAL_SHRINK) == 0) {
            LOG.info("The inflight memory is not sealed against shrinking");
        }
    }

    /** Of the memory in its file. */
    InflightDescription description() {
        return description;
    }

    /** The file of memory that was made here; stays this object's. */
    FileDescriptor fd() {
        return made.fd();
    }

    /**
     * Where a split queue writes.
     *
     * @param index of the queue, from 0
     * @param size  descriptors of the queue
     * @throws QueueException if the memory has no room for it
     */
    SplitInflight queue(int index, int size) throws QueueException {
        if (index >= description.numQueues() || size > description.queueSize()) {
            throw new QueueException("the inflight memory is for " + description.numQueues() + " queues of "
                + description.queueSize() + " descriptors; queue " + index + " has " + size);
        }
        int all = description.numQueues() * SplitInflightLayout.partSize(description.queueSize());
        return new SplitInflight(mapping.buffer(description.mmapOffset(), all), index, description.queueSize());
    }

    /**
     * Has rings that are in use go on writing here, with what they have written elsewhere. They do not run.
     *
     * @throws RefusedException if there is no room for them; this is closed then, as it is by the InternalError of a file that
     *                          was cut
     */
    void takeOver(Vring[] vrings) throws RefusedException {
        SplitInflight[] copies = new SplitInflight[vrings.length];
        try {
            for (int i = 0; i < copies.length; i++) {
                copies[i] = vrings[i].copyInflight(this);
            }
        } catch (RefusedException | Error e) {
            close();
            throw e;
        }
        for (int i = 0; i < copies.length; i++) {
            vrings[i].setInflight(copies[i]);
        }
    }

    /** Gives the memory back; the front end keeps what it has. */
    @Override
    public void close() {
        mapping.close();
        if (made != null) {
            made.close();
        }
    }
}
