// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.virtio.spec.SplitRingLayout.DESCRIPTOR_ADDR;
import static org.virtio.spec.SplitRingLayout.DESCRIPTOR_LEN;
import static org.virtio.spec.SplitRingLayout.DESCRIPTOR_SIZE;

import org.virtio.core.memory.AddressMap;

/**
 * Descriptors in shared memory, and what was written to each. What is there already is not written again: a store, also of
 * the same value, takes the cache line from the device's core. A block driver that takes the request slot that was freed last,
 * as the ring does with descriptors, finds all but the address of its data there. With IN_ORDER descriptors go round, and
 * little repeats.
 */
final class DescriptorTable {
    private final RingMemory memory;
    private final int offset;
    private final AddressMap addresses;
    private final long[] written;

    /** Over zeroed memory. */
    DescriptorTable(RingMemory memory, int offset, int length, AddressMap addresses) {
        this.memory = memory;
        this.offset = offset;
        this.addresses = addresses;
        this.written = new long[2 * length];
    }

    /**
     * Writes a descriptor with up to two plain stores.
     *
     * @param address in this process
     * @param rest    len, and the two fields behind it
     */
    void put(int index, long address, long rest) {
        if (written[2 * index] != address) {
            written[2 * index] = address;
            memory.putLongPlain(offset + index * DESCRIPTOR_SIZE + DESCRIPTOR_ADDR, addresses.toDevice(address));
        }
        if (written[2 * index + 1] != rest) {
            written[2 * index + 1] = rest;
            memory.putLongPlain(offset + index * DESCRIPTOR_SIZE + DESCRIPTOR_LEN, rest);
        }
    }

    /** The address, in this process, that was written last. */
    long address(int index) {
        return written[2 * index];
    }

    /** What was written last behind the address. */
    long rest(int index) {
        return written[2 * index + 1];
    }
}
