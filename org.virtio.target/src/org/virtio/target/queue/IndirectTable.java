// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

import static org.virtio.spec.SplitRingLayout.DESCRIPTOR_SIZE;
import static org.virtio.spec.SplitRingLayout.MAX_SIZE;

import java.nio.ByteBuffer;

/**
 * The indirect descriptor table that a chain names, once it was found in the driver's memory. Both formats have descriptors of
 * one size, of which the address and the length are in the same place. Opened again for every chain; allocates nothing.
 */
final class IndirectTable {
    private final DriverMemory memory;
    private final boolean allowed;
    private ByteBuffer window;
    private int start;
    private int length;

    /** Tables that are to be in this memory, if they were negotiated. */
    IndirectTable(DriverMemory memory, boolean allowed) {
        this.memory = memory;
        this.allowed = allowed;
    }

    /**
     * Finds the table.
     *
     * @param address guest address
     * @param bytes   as the descriptor says
     * @param goesOn  whether the descriptor has another after it
     */
    void open(int head, long address, long bytes, boolean goesOn) throws QueueException {
        if (!allowed || goesOn) {
            throw new QueueException("chain " + head + (allowed
                ? " goes on after an indirect table" : " is indirect, which was not negotiated"));
        }
        if (bytes == 0 || bytes % DESCRIPTOR_SIZE != 0 || bytes > (long) MAX_SIZE * DESCRIPTOR_SIZE) {
            throw new QueueException("chain " + head + " has an indirect table of " + bytes + " bytes");
        }
        MemoryRegion region = memory.find(address);
        long offset = region == null ? 0 : region.guestOffset(address);
        if (region == null || bytes > region.after(offset)) {
            throw new QueueException(String.format("chain %d has an indirect table of %d bytes at guest address 0x%x, "
                + "which is not in the shared memory", head, bytes, address));
        }
        window = region.window(offset);
        start = region.windowOffset(offset);
        length = (int) bytes / DESCRIPTOR_SIZE;
    }

    /** Descriptors in the table. */
    int length() {
        return length;
    }

    /** A number from a descriptor, 0 or greater and below the length, at an offset in it. */
    long getLong(int descriptor, int offset) {
        return window.getLong(start + descriptor * DESCRIPTOR_SIZE + offset);
    }
}
