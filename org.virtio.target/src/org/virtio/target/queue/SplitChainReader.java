// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

import static org.virtio.spec.SplitRingLayout.DESCRIPTOR_ADDR;
import static org.virtio.spec.SplitRingLayout.DESCRIPTOR_LEN;
import static org.virtio.spec.SplitRingLayout.DESCRIPTOR_SIZE;
import static org.virtio.spec.SplitRingLayout.F_INDIRECT;
import static org.virtio.spec.SplitRingLayout.F_NEXT;
import static org.virtio.spec.SplitRingLayout.F_WRITE;

import java.nio.ByteBuffer;

/**
 * Follows the descriptor chains of a split virtqueue. Each descriptor is read once, as two numbers, and only those are checked
 * and used: the driver can write the tables while they are read.
 */
final class SplitChainReader {
    private final ByteBuffer descriptors;
    private final int size;
    private final IndirectTable table;
    private final DriverMemory memory;

    /** For a queue of {@code size} descriptors, whose buffers are in the memory. */
    SplitChainReader(ByteBuffer descriptors, int size, IndirectTable table, DriverMemory memory) {
        this.descriptors = descriptors;
        this.size = size;
        this.table = table;
        this.memory = memory;
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
                table.open(head, address, length(rest), (flags(rest) & F_NEXT) != 0);
                readTable(chain);
                chain.identify(head, seen + 1);
                return;
            }
            chain.add(memory, address, length(rest), (flags(rest) & F_WRITE) != 0);
            if ((flags(rest) & F_NEXT) == 0) {
                chain.identify(head, seen + 1);
                return;
            }
            index = next(rest);
        }
        throw new QueueException("chain " + head + " has more descriptors than the queue: " + size);
    }

    /** The table's own length bounds the chain: drivers exist whose indirect chains are longer than the queue. */
    private void readTable(Chain chain) throws QueueException {
        int index = 0;
        for (int seen = 0; seen < table.length(); seen++) {
            check(index, table.length(), chain.head());
            long address = table.getLong(index, DESCRIPTOR_ADDR);
            long rest = table.getLong(index, DESCRIPTOR_LEN);
            if ((flags(rest) & F_INDIRECT) != 0) {
                throw new QueueException("chain " + chain.head() + " has an indirect table within an indirect table");
            }
            chain.add(memory, address, length(rest), (flags(rest) & F_WRITE) != 0);
            if ((flags(rest) & F_NEXT) == 0) {
                return;
            }
            index = next(rest);
        }
        throw new QueueException("chain " + chain.head() + " has more descriptors than its indirect table: " + table.length());
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
