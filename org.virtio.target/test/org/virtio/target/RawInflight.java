// SPDX-License-Identifier: Apache-2.0
package org.virtio.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.virtio.target.RawFrontEnd.inflight;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.IntStream;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.Mapping;
import org.virtio.posix.SharedMemory;

/** The inflight memory as a front end keeps it, and the part of its first queue, byte by byte. */
final class RawInflight implements AutoCloseable {
    private final FileDescriptor fd;
    private final Mapping mapping;
    private final ByteBuffer description;
    final ByteBuffer memory;

    private RawInflight(FileDescriptor fd, Mapping mapping, ByteBuffer description) {
        this.fd = fd;
        this.mapping = mapping;
        this.description = description;
        this.memory = mapping.buffer().order(ByteOrder.nativeOrder());
    }

    /** Has the back end make it. */
    static RawInflight get(RawDriver driver) throws IOException {
        return get(driver, driver.queues[0].size);
    }

    /** Has the back end make it, with room for queues of a size. */
    static RawInflight get(RawDriver driver, int size) throws IOException {
        ByteBuffer description = inflight(0, 0, driver.queues.length, size);
        FileDescriptor fd = driver.frontEnd.askFd(RawFrontEnd.GET_INFLIGHT_FD, description);
        assertThat(description.getLong(8)).as("offset").isZero();
        assertThat(description.getShort(16)).as("queues").isEqualTo((short) driver.queues.length);
        assertThat(description.getShort(18)).as("size").isEqualTo((short) size);
        return new RawInflight(fd, Mapping.map(fd, 0, description.getLong(0), true), description);
    }

    /** As another back end could have left it, of one queue, with nothing in flight. */
    static RawInflight of(int size, int usedIndex, int lastBatchHead) throws IOException {
        SharedMemory shared = SharedMemory.create("raw-inflight", 16 + 16L * size, false);
        RawInflight result = new RawInflight(shared.fd(), shared.mapping(), inflight(shared.size(), 0, 1, size));
        result.memory.putShort(8, (short) 1).putShort(10, (short) size).putShort(12, (short) lastBatchHead)
            .putShort(14, (short) usedIndex);
        return result;
    }

    void entry(int head, int inflight, int next, long counter) {
        memory.put(16 + 16 * head, (byte) inflight).putShort(16 + 16 * head + 6, (short) next)
            .putLong(16 + 16 * head + 8, counter);
    }

    /** Gives it to the back end that the driver is connected to. */
    void set(RawDriver driver) throws IOException {
        driver.frontEnd.demand(RawFrontEnd.SET_INFLIGHT_FD, description, fd);
    }

    int version() {
        return memory.getShort(8);
    }

    int usedIndex() {
        return memory.getShort(14) & 0xffff;
    }

    /** The heads in flight, in the order in which they were taken. */
    List<Integer> heads() {
        int size = description.getShort(18) & 0xffff;
        return IntStream.range(0, size).filter(i -> memory.get(16 + 16 * i) == 1).boxed()
            .sorted((a, b) -> Long.compareUnsigned(memory.getLong(24 + 16 * a), memory.getLong(24 + 16 * b))).toList();
    }

    @Override
    public void close() {
        mapping.close();
        fd.close();
    }
}
