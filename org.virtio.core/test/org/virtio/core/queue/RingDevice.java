// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.virtio.spec.SplitRingLayout;

/**
 * The device's side of a virtqueue, written against the bytes of the specification and not with the driver's code. It uses
 * buffers as it is told, also as it must not; what it reads it holds against the driver's requirements.
 */
interface RingDevice {
    /** A descriptor as the device finds it. */
    record Descriptor(long address, int length, boolean writable) {
    }

    /**
     * A chain as the device finds it.
     *
     * @param id       by which the device names it
     * @param ringSize descriptors of the ring that it takes
     */
    record Chain(int id, int ringSize, List<Descriptor> descriptors) {
        /** Device-writable bytes. */
        int writable() {
            return descriptors.stream().filter(Descriptor::writable).mapToInt(Descriptor::length).sum();
        }
    }

    /** All that driver and device share. */
    ByteBuffer memory();

    /** All chains that have become available since the last call. */
    List<Chain> take();

    /** Returns a chain. */
    void use(Chain chain, int written);

    /** IN_ORDER: returns chains with one used element or descriptor, {@code written} is of the last; others are complete. */
    void useBatch(List<Chain> chains, int written);

    /** Claims to have used something. */
    void claim(int id, int written);

    /** Without EVENT_IDX: whether available buffer notifications are wanted. */
    void wish(boolean notifications);

    /** EVENT_IDX: wants to be notified when the place that many steps behind the last chain taken is made available. */
    void wishAfter(int steps);

    /** Steps that a chain is: of the available index, or of the descriptor ring. */
    int steps(Chain chain);

    /** After how many steps a place has the same name again. */
    int period();

    /** Whether the driver wants to be notified of what was used since the last call. */
    boolean driverWants();

    /** What the driver has written to say that it wants no notifications, or wants them. */
    boolean driverListens();

    /** Where the next available buffer is expected, 16 bits. */
    int availablePosition();

    /** Where the next used buffer goes, 16 bits. */
    int usedPosition();

    /** Makes a device for what the queue would tell its transport. */
    static RingDevice of(Ring queue, TestBuffer ring) {
        return queue.format.packed() ? new PackedDevice(queue, ring) : new SplitDevice(queue, ring);
    }

    /** Checks what holds for chains of both formats, and reads the table if there is one. */
    static Chain check(RingFormat format, int size, int id, List<Descriptor> ring, List<Descriptor> table) {
        List<Descriptor> descriptors = new ArrayList<>(table == null ? ring : table);
        assertThat(table == null || format.indirect()).as("a table only with INDIRECT_DESC").isTrue();
        assertThat(table == null || ring.size() == 1).as("no INDIRECT with NEXT").isTrue();
        assertThat(descriptors.size()).as("no chain longer than the queue").isBetween(1, size);
        boolean writable = false;
        for (Descriptor descriptor : descriptors) {
            assertThat(writable && !descriptor.writable()).as("readable behind writable").isFalse();
            writable = descriptor.writable();
        }
        return new Chain(id, ring.size(), List.copyOf(descriptors));
    }

    /** Offset of a table that a descriptor refers to. */
    static int tableOffset(TestBuffer ring, long address, int bytes) {
        assertThat(bytes % SplitRingLayout.DESCRIPTOR_SIZE).as("a whole number of descriptors").isZero();
        int offset = (int) (address - ring.deviceAddress());
        assertThat(offset + bytes).as("a table in the ring's memory").isBetween(bytes, ring.size());
        return offset;
    }
}
