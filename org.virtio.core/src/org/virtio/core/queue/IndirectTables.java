// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.virtio.spec.SplitRingLayout.DESCRIPTOR_SIZE;
import static org.virtio.spec.SplitRingLayout.F_NEXT;
import static org.virtio.spec.SplitRingLayout.F_WRITE;

import org.virtio.core.memory.AddressMap;

/**
 * Tables for requests that use one descriptor of the ring, whatever their length (VIRTIO 1.3, sections 2.7.5.3 and 2.8.7).
 * There is one for every request that can be in flight, so that none is ever waited for or allocated.
 */
final class IndirectTables {
    /** As many descriptors as a request of a block device with the usual 126 segments has. Queues above 128 have less. */
    private static final int MAX_LENGTH = 128;
    private static final int MIN_LENGTH = 4;
    /** Descriptors in all tables of a queue, 256 KiB; more in queues above 4096, whose tables have the least length. */
    private static final int BUDGET = 16384;
    private static final long LENGTH_MASK = 0xffff_ffffL;

    private final DescriptorTable descriptors;
    private final long address;
    private final int length;
    private final boolean chained;

    /**
     * Tables for a queue of {@code size}.
     *
     * @param offset    in the memory, which is zeroed
     * @param address   of that place in this process
     * @param addresses by which the device knows memory
     * @param chained   whether the descriptors of a table are linked, as those of a split virtqueue are
     */
    IndirectTables(RingMemory memory, int offset, long address, AddressMap addresses, int size, boolean chained) {
        this.length = length(size);
        this.descriptors = new DescriptorTable(memory, offset, size * length, addresses);
        this.address = address;
        this.chained = chained;
    }

    /** Descriptors in each table of a queue of that size: no more than the queue has (section 2.7.5.3.1). */
    static int length(int size) {
        return Math.min(size, Math.max(MIN_LENGTH, Math.min(MAX_LENGTH, BUDGET / size)));
    }

    /** Bytes for all tables of a queue of that size. */
    static int bytes(int size) {
        return size * length(size) * DESCRIPTOR_SIZE;
    }

    /** Descriptors that a table can have. */
    int length() {
        return length;
    }

    /** Where a table is in this process. */
    long address(int table) {
        return address + (long) table * length * DESCRIPTOR_SIZE;
    }

    /** Writes a request's descriptors into a table. */
    void fill(int table, Request request) {
        int start = table * length;
        int last = request.count() - 1;
        for (int i = 0; i <= last; i++) {
            long rest = request.lengthAndFlags(i);
            if (!chained) {
                rest = rest & LENGTH_MASK | rest >>> 32 << 48;
            } else if (i < last) {
                rest |= (long) F_NEXT << 32 | i + 1L << 48;
            }
            descriptors.put(start + i, request.address(i), rest);
        }
    }

    /** The descriptors that were last written into a table, as {@link SavedRequest} has them. */
    long[] words(int table, int count) {
        long[] words = new long[2 * count];
        for (int i = 0; i < count; i++) {
            long rest = descriptors.rest(table * length + i);
            long flags = chained ? rest >>> 32 : rest >>> 48;
            words[2 * i] = descriptors.address(table * length + i);
            words[2 * i + 1] = rest & LENGTH_MASK | (flags & F_WRITE) << 32;
        }
        return words;
    }
}
