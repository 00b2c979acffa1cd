// SPDX-License-Identifier: Apache-2.0
package org.virtio.target;

import static org.virtio.target.RawFrontEnd.payload;
import static org.virtio.target.RawFrontEnd.region;
import static org.virtio.target.RawFrontEnd.state;
import static org.virtio.target.RawFrontEnd.table;
import static org.virtio.target.RawFrontEnd.u64;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.SharedMemory;

/** A front end with memory and queues. */
final class RawDriver implements AutoCloseable {
    static final long GUEST = 0x1_0000_0000L;
    static final long USER = 0x7f00_0000_0000L;
    static final long EVENT_IDX = 1L << 29;
    static final long INDIRECT_DESC = 1L << 28;
    static final long PROTOCOL_FEATURES = 1L << 30;
    static final long VERSION_1 = 1L << 32;
    static final long PACKED = 1L << 34;
    static final long IN_ORDER = 1L << 35;
    static final long RING_RESET = 1L << 40;
    static final long FLUSH = 1 << 9;
    static final long CONFIG_WCE = 1 << 11;
    /** Without EVENT_IDX. */
    static final long FEATURES = VERSION_1 | PROTOCOL_FEATURES | INDIRECT_DESC | FLUSH;
    static final int QUEUE_SIZE = 64;
    /** No power of two, and no multiple of a request's three descriptors. */
    static final int PACKED_SIZE = 61;

    RawFrontEnd frontEnd;
    final SharedMemory memory;
    final RawQueue[] queues;
    private final long features;

    /** Connects and negotiates; shares memory and sets queues up, but does not start them. */
    RawDriver(String path, long features, int queueCount) throws IOException {
        this.features = features;
        frontEnd = new RawFrontEnd(path);
        memory = SharedMemory.create("raw-driver", (long) queueCount * RawQueue.STRIDE, false);
        queues = new RawQueue[queueCount];
        for (int i = 0; i < queueCount; i++) {
            replace(i, (features & PACKED) == 0 ? QUEUE_SIZE : PACKED_SIZE);
        }
        negotiate(features);
    }

    /** Makes a queue new, with a size and with rings of zeros. It must not run. */
    void replace(int index, int size) throws IOException {
        if (queues[index] != null) {
            queues[index].close();
        }
        long start = (long) index * RawQueue.STRIDE;
        ByteBuffer part = memory.mapping().buffer(start, RawQueue.STRIDE).order(ByteOrder.LITTLE_ENDIAN);
        part.put(0, new byte[RawQueue.DATA]);
        queues[index] = (features & PACKED) == 0 ? new RawQueue(part, GUEST + start, size)
            : new RawPackedQueue(part, GUEST + start, size, (features & IN_ORDER) != 0);
    }

    /** Resets a queue as VIRTIO has it, and leaves it to be set up again. Returns the base. */
    int reset(int index) throws IOException {
        frontEnd.demand(RawFrontEnd.SET_VRING_ENABLE, state(index, 0));
        return stop(index);
    }

    private void negotiate(long accepted) throws IOException {
        frontEnd.tell(RawFrontEnd.SET_OWNER, payload(0));
        frontEnd.askU64(RawFrontEnd.GET_FEATURES);
        frontEnd.askU64(RawFrontEnd.GET_PROTOCOL_FEATURES);
        frontEnd.tell(RawFrontEnd.SET_PROTOCOL_FEATURES, u64(RawFrontEnd.ALL_PROTOCOL_FEATURES));
        frontEnd.demand(RawFrontEnd.SET_FEATURES, u64(accepted));
    }

    /** Goes to another back end with memory and rings as they are, to be shared and started. */
    void reconnect(String path) throws IOException {
        frontEnd.close();
        frontEnd = new RawFrontEnd(path);
        negotiate(features);
    }

    /** A driver whose queues run. */
    static RawDriver running(String path, long features, int queueCount) throws IOException {
        RawDriver driver = new RawDriver(path, features, queueCount);
        driver.share();
        for (int i = 0; i < queueCount; i++) {
            driver.start(i);
        }
        return driver;
    }

    void share() throws IOException {
        frontEnd.demand(RawFrontEnd.SET_MEM_TABLE, table(region(GUEST, memory.size(), USER, 0)), memory.fd());
    }

    /** Sets a queue up as SPDK does, and enables it. */
    void start(int index) throws IOException {
        RawQueue queue = queues[index];
        frontEnd.demand(RawFrontEnd.SET_VRING_CALL, u64(index), queue.call.fd());
        frontEnd.demand(RawFrontEnd.SET_VRING_ERR, u64(index), queue.error.fd());
        frontEnd.demand(RawFrontEnd.SET_VRING_NUM, state(index, queue.size));
        frontEnd.demand(RawFrontEnd.SET_VRING_BASE, state(index, queue.base()));
        frontEnd.demand(RawFrontEnd.SET_VRING_ADDR, addresses(index));
        frontEnd.demand(RawFrontEnd.SET_VRING_KICK, u64(index), queue.kick.fd());
        frontEnd.demand(RawFrontEnd.SET_VRING_ENABLE, state(index, 1));
    }

    static ByteBuffer addresses(int index) {
        long base = USER + (long) index * RawQueue.STRIDE;
        return payload(40).putInt(0, index).putLong(8, base).putLong(16, base + RawQueue.USED)
            .putLong(24, base + RawQueue.AVAILABLE);
    }

    /** Stops a queue and returns its base. */
    int stop(int index) throws IOException {
        ByteBuffer reply = frontEnd.ask(RawFrontEnd.GET_VRING_BASE, state(index, 0));
        return reply.getInt(4);
    }

    FileDescriptor fd() {
        return memory.fd();
    }

    @Override
    public void close() {
        frontEnd.close();
        memory.close();
        for (RawQueue queue : queues) {
            queue.close();
        }
    }
}
