// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import java.nio.ByteBuffer;
import org.virtio.transport.QueueSetup;

/**
 * The least device that obeys the specification, for measurements: it spins, reads each chain whole, and uses it in order. It
 * trusts the driver, and moves no data. Used by one thread at a time.
 */
public abstract class PollingDevice {
    final RingMemory in;
    final RingMemory out;
    final QueueSetup setup;
    final boolean inOrder;
    /** Device-writable bytes of the chain that was read last. */
    int written;
    private final long base;
    private long addresses;

    PollingDevice(RingFormat format, QueueSetup setup, RingMemory in, RingMemory out) {
        this.inOrder = format.inOrder();
        this.setup = setup;
        this.in = in;
        this.out = out;
        this.base = setup.descriptorArea();
    }

    /**
     * The device of a ring.
     *
     * @param ring  its memory, which begins with the descriptor area
     * @param stores where used buffers go: the ring's memory, or as much other memory for a device that only rehearses
     */
    public static PollingDevice of(RingFormat format, QueueSetup setup, ByteBuffer ring, ByteBuffer stores) {
        RingMemory in = new RingMemory(ring);
        RingMemory out = new RingMemory(stores);
        return format.packed() ? new PackedPollingDevice(format, setup, in, out)
            : new SplitPollingDevice(format, setup, in, out);
    }

    /** Tells the driver not to notify. */
    public abstract void suppressNotifications();

    /**
     * Uses what is available; with IN_ORDER, one used element stands for all.
     *
     * @return how many, up to {@code limit}
     */
    public abstract int use(int limit);

    /** Depends on every address that was read, so that the JIT cannot leave out the loads. */
    public final long addresses() {
        return addresses;
    }

    final void see(long address) {
        addresses += address;
    }

    final int offset(long deviceAddress) {
        return (int) (deviceAddress - base);
    }
}
