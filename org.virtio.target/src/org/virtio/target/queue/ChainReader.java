// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

import static org.virtio.spec.SplitRingLayout.DESCRIPTOR_ADDR;
import static org.virtio.spec.SplitRingLayout.DESCRIPTOR_LEN;
import static org.virtio.spec.SplitRingLayout.DESCRIPTOR_SIZE;
import static org.virtio.spec.SplitRingLayout.F_INDIRECT;
import static org.virtio.spec.SplitRingLayout.F_NEXT;
import static org.virtio.spec.SplitRingLayout.F_WRITE;
import static org.virtio.spec.SplitRingLayout.MAX_SIZE;

import java.nio.ByteBuffer;

/**
 * Follows descriptor chains. Each descriptor is read once, as two numbers, and only those are checked and used: the driver
 * can write the tables while they are read.
 */
final class ChainReader {
    private final DriverMemory memory;
    private final ByteBuffer descriptors;
    private final int size;
    private final boolean indirectAllowed;

    /** For a queue of {@code size} descriptors. */
    ChainReader(DriverMemory memory, ByteBuffer descriptors, int size, boolean indirectAllowed) {
        this.memory = memory;
        this.descriptors = descriptors;
        this.size = size;
        this.indirectAllowed = indirectAllowed;
    }

    /** Fills {@code chain} from the chain that starts at a descriptor; any number will do for {@code head}. */
    void read(Chain chain, int head) throws QueueException {
        chain.clear(head);
        int index = head;
        for (int seen = 0; seen < size; seen++) {
            check(index, size, head);
            int position = index * DESCRIPTOR_SIZE;
            long address = descriptors.getLong(position + DESCRIPTOR_ADDR);
            long rest = descriptors.getLong(position + DESCRIPTOR_LEN);
            if ((flags(rest) & F_INDIRECT) != 0) {
                readIndirect(chain, address, rest);
                return;
            }
            chain.add(memory, address, length(rest), (flags(rest) & F_WRITE) != 0);
            if ((flags(rest) & F_NEXT) == 0) {
                return;
            }
            index = next(rest);
        }
        throw new QueueException("chain " + head + " has more descriptors than the queue: " + size);
    }

    private void readIndirect(Chain chain, long tableAddress, long tableRest) throws QueueException {
        int head = chain.head();
        long bytes = length(tableRest);
        if (!indirectAllowed || (flags(tableRest) & F_NEXT) != 0) {
            throw new QueueException("chain " + head + (indirectAllowed
                ? " goes on after an indirect table" : " is indirect, which was not negotiated"));
        }
        if (bytes == 0 || bytes % DESCRIPTOR_SIZE != 0 || bytes > (long) MAX_SIZE * DESCRIPTOR_SIZE) {
            throw new QueueException("chain " + head + " has an indirect table of " + bytes + " bytes");
        }
        MemoryRegion region = memory.find(tableAddress);
        long offset = region == null ? 0 : region.guestOffset(tableAddress);
        if (region == null || bytes > region.after(offset)) {
            throw new QueueException(String.format("chain %d has an indirect table of %d bytes at guest address 0x%x, "
                + "which is not in the shared memory", head, bytes, tableAddress));
        }
        readTable(chain, region.window(offset), region.windowOffset(offset), (int) bytes / DESCRIPTOR_SIZE);
    }

    /** The table's own length bounds the chain: drivers exist whose indirect chains are longer than the queue. */
    private void readTable(Chain chain, ByteBuffer table, int start, int length) throws QueueException {
        int index = 0;
        for (int seen = 0; seen < length; seen++) {
            check(index, length, chain.head());
            int position = start + index * DESCRIPTOR_SIZE;
            long address = table.getLong(position + DESCRIPTOR_ADDR);
            long rest = table.getLong(position + DESCRIPTOR_LEN);
            if ((flags(rest) & F_INDIRECT) != 0) {
                throw new QueueException("chain " + chain.head() + " has an indirect table within an indirect table");
            }
            chain.add(memory, address, length(rest), (flags(rest) & F_WRITE) != 0);
            if ((flags(rest) & F_NEXT) == 0) {
                return;
            }
            index = next(rest);
        }
        throw new QueueException("chain " + chain.head() + " has more descriptors than its indirect table: " + length);
    }

    private static void check(int index, int length, int head) throws QueueException {
        if (index < 0 || index >= length) {
            throw new QueueException("chain " + head + " has descriptor " + index + " of " + length);
        }
    }

    private static long length(long rest) {
        return rest & 0xffff_ffffL;
    }

    private static int flags(long rest) {
        return (int) (rest >>> 32) & 0xffff;
    }

    private static int next(long rest) {
        return (int) (rest >>> 48);
    }
}
