// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import org.virtio.core.memory.AddressMap;
import org.virtio.device.FeatureSet;
import org.virtio.memory.DmaBuffer;
import org.virtio.spec.Feature;
import org.virtio.spec.PackedRingLayout;
import org.virtio.spec.SplitRingLayout;
import org.virtio.transport.QueueSetup;

/**
 * What was negotiated for the rings of a device, and so which ring is to be made.
 *
 * @param packed        RING_PACKED
 * @param eventIdx      EVENT_IDX
 * @param inOrder       IN_ORDER
 * @param indirect      INDIRECT_DESC
 * @param indirectAbove requests of more descriptors than this use an indirect table
 */
public record RingFormat(boolean packed, boolean eventIdx, boolean inOrder, boolean indirect, int indirectAbove) {
    private static final int CACHE_LINE = 64;

    /** The format that negotiated features demand. */
    public static RingFormat of(FeatureSet negotiated, int indirectAbove) {
        return new RingFormat(negotiated.contains(Feature.RING_PACKED), negotiated.contains(Feature.EVENT_IDX),
            negotiated.contains(Feature.IN_ORDER), negotiated.contains(Feature.INDIRECT_DESC), indirectAbove);
    }

    /** A split or a packed ring without further features. */
    public static RingFormat plain(boolean packed) {
        return new RingFormat(packed, false, false, false, 0);
    }

    /**
     * Checks a queue size.
     *
     * @return {@code size}
     * @throws IllegalArgumentException with the size in its message if the format cannot have it
     */
    public int checkSize(int size) {
        return packed ? PackedRingLayout.checkSize(size) : SplitRingLayout.checkSize(size);
    }

    /** Bytes of shared memory for a queue of that size. */
    public int bytes(int size) {
        int areas = packed ? PackedVirtqueue.bytes(size) : SplitVirtqueue.bytes(size);
        return indirect ? lineAfter(areas) + IndirectTables.bytes(size) : areas;
    }

    /**
     * Creates an empty queue; used buffer notifications are off.
     *
     * @param memory    at least {@link #bytes} long and 64-aligned; for this queue alone
     * @param addresses by which the device knows memory
     * @throws IllegalArgumentException if the format cannot have that size
     */
    public Ring create(int index, int size, DmaBuffer memory, AddressMap addresses) {
        Ring ring = packed ? new PackedVirtqueue(index, this) : new SplitVirtqueue(index, this);
        ring.lay(size, memory, addresses);
        return ring;
    }

    /**
     * What a transport needs in order to set up a queue.
     *
     * @param address by which the device knows the queue's memory
     */
    public QueueSetup setup(int index, int size, long address) {
        return packed ? PackedVirtqueue.setup(index, size, address) : SplitVirtqueue.setup(index, size, address);
    }

    /**
     * Null without INDIRECT_DESC.
     *
     * @param address of the ring in this process
     */
    IndirectTables tables(RingMemory ring, int size, long address, AddressMap addresses) {
        int offset = lineAfter(packed ? PackedVirtqueue.bytes(size) : SplitVirtqueue.bytes(size));
        return indirect ? new IndirectTables(ring, offset, address + offset, addresses, size, !packed) : null;
    }

    /** The first cache line that begins at {@code offset} or after. */
    static int lineAfter(int offset) {
        return (offset + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    }
}
