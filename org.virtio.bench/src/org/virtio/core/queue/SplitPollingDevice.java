// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.virtio.spec.SplitRingLayout.AVAILABLE_ENTRY_SIZE;
import static org.virtio.spec.SplitRingLayout.AVAILABLE_IDX;
import static org.virtio.spec.SplitRingLayout.AVAILABLE_RING;
import static org.virtio.spec.SplitRingLayout.DESCRIPTOR_ADDR;
import static org.virtio.spec.SplitRingLayout.DESCRIPTOR_LEN;
import static org.virtio.spec.SplitRingLayout.DESCRIPTOR_SIZE;
import static org.virtio.spec.SplitRingLayout.F_INDIRECT;
import static org.virtio.spec.SplitRingLayout.F_NEXT;
import static org.virtio.spec.SplitRingLayout.F_WRITE;
import static org.virtio.spec.SplitRingLayout.USED_ELEMENT_SIZE;
import static org.virtio.spec.SplitRingLayout.USED_F_NO_NOTIFY;
import static org.virtio.spec.SplitRingLayout.USED_FLAGS;
import static org.virtio.spec.SplitRingLayout.USED_IDX;
import static org.virtio.spec.SplitRingLayout.USED_RING;

import org.virtio.transport.QueueSetup;

/** VIRTIO 1.3, section 2.7. */
final class SplitPollingDevice extends PollingDevice {
    private static final int INDEX_MASK = 0xffff;

    private final int mask;
    private final int available;
    private final int used;
    private int next;

    SplitPollingDevice(RingFormat format, QueueSetup setup, RingMemory in, RingMemory out) {
        super(format, setup, in, out);
        mask = setup.size() - 1;
        available = offset(setup.driverArea());
        used = offset(setup.deviceArea());
    }

    /** With EVENT_IDX this has no meaning, and avail_event, which is left alone, is met once in 65536 requests. */
    @Override
    public void suppressNotifications() {
        out.putShortOpaque(used + USED_FLAGS, USED_F_NO_NOTIFY);
    }

    @Override
    public int use(int limit) {
        // Pairs with the driver's release of the available index: the ring entries and descriptors are visible.
        int count = Math.min(in.getShortAcquire(available + AVAILABLE_IDX) - next & INDEX_MASK, limit);
        int head = 0;
        for (int i = 0; i < count; i++) {
            head = in.getShortOpaque(available + AVAILABLE_RING + AVAILABLE_ENTRY_SIZE * (next + i & mask));
            written = 0;
            readChain(0, head);
            if (!inOrder) {
                putUsed(next + i, head);
            }
        }
        if (count > 0) {
            if (inOrder) {
                putUsed(next, head);
            }
            next = next + count & INDEX_MASK;
            // Pairs with the driver's acquire of the used index: the used elements are visible.
            out.putShortRelease(used + USED_IDX, next);
        }
        return count;
    }

    private void putUsed(int index, int head) {
        out.putLongPlain(used + USED_RING + USED_ELEMENT_SIZE * (index & mask), head | (long) written << Integer.SIZE);
    }

    private void readChain(int table, int first) {
        int i = first;
        boolean more = true;
        while (more) {
            int descriptor = table + i * DESCRIPTOR_SIZE;
            long address = in.getLongPlain(descriptor + DESCRIPTOR_ADDR);
            long rest = in.getLongPlain(descriptor + DESCRIPTOR_LEN);
            int flags = (int) (rest >>> 32);
            if ((flags & F_INDIRECT) != 0) {
                readChain(offset(address), 0);
                return;
            }
            see(address);
            written += (flags & F_WRITE) != 0 ? (int) rest : 0;
            i = (int) (rest >>> 48);
            more = (flags & F_NEXT) != 0;
        }
    }
}
