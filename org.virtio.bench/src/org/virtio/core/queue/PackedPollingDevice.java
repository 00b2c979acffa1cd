// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.virtio.spec.PackedRingLayout.DESCRIPTOR_ADDR;
import static org.virtio.spec.PackedRingLayout.DESCRIPTOR_LEN;
import static org.virtio.spec.PackedRingLayout.DESCRIPTOR_SIZE;
import static org.virtio.spec.PackedRingLayout.EVENT_FLAGS_DISABLE;
import static org.virtio.spec.PackedRingLayout.F_AVAIL;
import static org.virtio.spec.PackedRingLayout.F_USED;
import static org.virtio.spec.SplitRingLayout.F_INDIRECT;
import static org.virtio.spec.SplitRingLayout.F_NEXT;
import static org.virtio.spec.SplitRingLayout.F_WRITE;

import org.virtio.transport.QueueSetup;

/** VIRTIO 1.3, section 2.8. Uses at most a ring's length at once, so that availability and use need one wrap counter each. */
final class PackedPollingDevice extends PollingDevice {
    private static final int WRAP_FLAGS = F_AVAIL | F_USED;

    private final int size;
    private int next;
    private int availableFlags = F_AVAIL;

    PackedPollingDevice(RingFormat format, QueueSetup setup, RingMemory in, RingMemory out) {
        super(format, setup, in, out);
        size = setup.size();
    }

    @Override
    public void suppressNotifications() {
        out.putIntOpaque(offset(setup.deviceArea()), EVENT_FLAGS_DISABLE << 16);
    }

    @Override
    public int use(int limit) {
        int batchStart = next;
        int batchFlags = usedFlags();
        int id = 0;
        int count = 0;
        while (count < limit) {
            int start = next;
            int startFlags = usedFlags();
            // Pairs with the driver's release of these flags: the rest of the chain, and of its batch, is visible.
            long head = in.getLongAcquire(start * DESCRIPTOR_SIZE + DESCRIPTOR_LEN);
            if (((int) (head >>> 48) & WRAP_FLAGS) != availableFlags) {
                break;
            }
            written = 0;
            id = readChain(head);
            count++;
            if (!inOrder) {
                putUsed(start, startFlags, id);
            }
        }
        if (inOrder && count > 0) {
            putUsed(batchStart, batchFlags, id);
        }
        return count;
    }

    /** The device's wrap counter is the driver's of the same round. */
    private int usedFlags() {
        return availableFlags == F_AVAIL ? WRAP_FLAGS : 0;
    }

    private void putUsed(int place, int flags, int id) {
        long rest = (flags | (written > 0 ? F_WRITE : 0)) << 16 | id;
        // Pairs with the driver's acquire of the used descriptor.
        out.putLongRelease(place * DESCRIPTOR_SIZE + DESCRIPTOR_LEN, rest << 32 | written);
    }

    /** Goes past a chain, and returns the id, which its last descriptor has. */
    private int readChain(long head) {
        long rest = head;
        while (true) {
            long address = in.getLongPlain(next * DESCRIPTOR_SIZE + DESCRIPTOR_ADDR);
            int flags = (int) (rest >>> 48);
            if ((flags & F_INDIRECT) != 0) {
                readTable(offset(address), (int) rest / DESCRIPTOR_SIZE);
            } else {
                read(address, rest);
            }
            if (++next == size) {
                next = 0;
                availableFlags ^= WRAP_FLAGS;
            }
            if ((flags & F_NEXT) == 0) {
                return (int) (rest >>> 32) & 0xffff;
            }
            rest = in.getLongPlain(next * DESCRIPTOR_SIZE + DESCRIPTOR_LEN);
        }
    }

    private void readTable(int table, int length) {
        for (int offset = table; offset < table + length * DESCRIPTOR_SIZE; offset += DESCRIPTOR_SIZE) {
            read(in.getLongPlain(offset + DESCRIPTOR_ADDR), in.getLongPlain(offset + DESCRIPTOR_LEN));
        }
    }

    private void read(long address, long rest) {
        see(address);
        written += (rest >>> 48 & F_WRITE) != 0 ? (int) rest : 0;
    }
}
