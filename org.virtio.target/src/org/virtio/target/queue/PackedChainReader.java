// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

import static org.virtio.spec.PackedRingLayout.DESCRIPTOR_ADDR;
import static org.virtio.spec.PackedRingLayout.DESCRIPTOR_ID;
import static org.virtio.spec.PackedRingLayout.DESCRIPTOR_LEN;
import static org.virtio.spec.PackedRingLayout.DESCRIPTOR_SIZE;
import static org.virtio.spec.PackedRingLayout.F_AVAIL;
import static org.virtio.spec.PackedRingLayout.F_USED;
import static org.virtio.spec.SplitRingLayout.F_INDIRECT;
import static org.virtio.spec.SplitRingLayout.F_NEXT;
import static org.virtio.spec.SplitRingLayout.F_WRITE;

import java.nio.ByteBuffer;
import java.util.BitSet;

/**
 * Follows the descriptor chains of a packed virtqueue. Each descriptor is read once, as two numbers, and only those are checked
 * and used: the driver can write the ring while it is read.
 */
final class PackedChainReader {
    private final ByteBuffer descriptors;
    private final int size;
    private final IndirectTable table;
    private final DriverMemory memory;

    /** For a ring of {@code size} descriptors, whose buffers are in the memory. */
    PackedChainReader(ByteBuffer descriptors, int size, IndirectTable table, DriverMemory memory) {
        this.descriptors = descriptors;
        this.size = size;
        this.table = table;
        this.memory = memory;
    }

    /** Whether a descriptor with these flags is available in the lap of this wrap counter (section 2.8.1). */
    static boolean isAvailable(int flags, boolean wrap) {
        return (flags & (F_AVAIL | F_USED)) == (wrap ? F_AVAIL : F_USED);
    }

    /**
     * Fills {@code chain} from the chain that starts at a place in the ring.
     *
     * @param free descriptors that are not in flight: the most that the chain can have
     */
    void read(Chain chain, int start, boolean startWrap, int free) throws QueueException {
        chain.clear(start);
        int index = start;
        boolean wrap = startWrap;
        for (int seen = 0; seen < free; seen++) {
            int position = index * DESCRIPTOR_SIZE;
            long address = descriptors.getLong(position + DESCRIPTOR_ADDR);
            long rest = descriptors.getLong(position + DESCRIPTOR_LEN);
            int flags = flags(rest);
            if (!isAvailable(flags, wrap)) {
                throw new QueueException("chain " + start + " has descriptor " + index + ", which is not available");
            }
            if ((flags & F_INDIRECT) != 0) {
                if (seen > 0) {
                    throw new QueueException("chain " + start + " has an indirect table after other descriptors");
                }
                table.open(start, address, length(rest), (flags & F_NEXT) != 0);
                readTable(chain);
                chain.identify(id(rest), 1);
                return;
            }
            chain.add(memory, address, length(rest), (flags & F_WRITE) != 0);
            if ((flags & F_NEXT) == 0) {
                chain.identify(id(rest), seen + 1);
                return;
            }
            index++;
            if (index == size) {
                index = 0;
                wrap = !wrap;
            }
        }
        throw new QueueException("chain " + start + " has more descriptors than the " + free + " of " + size
            + " that are not in flight");
    }

    /** The table is one chain from its start to its end, and no flag but WRITE means anything (section 2.8.7). */
    private void readTable(Chain chain) throws QueueException {
        for (int i = 0; i < table.length(); i++) {
            long address = table.getLong(i, DESCRIPTOR_ADDR);
            long rest = table.getLong(i, DESCRIPTOR_LEN);
            chain.add(memory, address, length(rest), (flags(rest) & F_WRITE) != 0);
        }
    }

    /** Adds the ids of all descriptors that are available from a place on; only a chain's last has one that counts. */
    void addIds(BitSet ids, int start, boolean startWrap) {
        int index = start;
        boolean wrap = startWrap;
        for (int seen = 0; seen < size; seen++) {
            long rest = descriptors.getLong(index * DESCRIPTOR_SIZE + DESCRIPTOR_LEN);
            if (!isAvailable(flags(rest), wrap)) {
                return;
            }
            ids.set(id(rest));
            index++;
            if (index == size) {
                index = 0;
                wrap = !wrap;
            }
        }
    }

    private static long length(long rest) {
        return rest & 0xffff_ffffL;
    }

    private static int id(long rest) {
        return (int) (rest >>> Byte.SIZE * (DESCRIPTOR_ID - DESCRIPTOR_LEN)) & 0xffff;
    }

    private static int flags(long rest) {
        return (int) (rest >>> 48);
    }
}
