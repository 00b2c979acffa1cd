// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.virtio.device.VirtioException;
import org.virtio.spec.BlkRequestLayout;
import org.virtio.spec.SplitRingLayout;
import org.virtio.transport.QueueNotifier;
import org.virtio.transport.QueueSetup;

/** The smallest driver there can be: a ring in the first half of a region, one read request at a time after it. */
final class BlockReader {
    private final int size;
    private final long base;
    private final ByteBuffer memory;
    private final int available;
    private final int used;
    private final int header;
    private QueueNotifier notifier;
    private int requests;

    BlockReader(TestRegion region, int size) {
        this.size = size;
        base = region.address();
        memory = region.buffer();
        available = SplitRingLayout.descriptorTableSize(size);
        used = available + (SplitRingLayout.availableRingSize(size) + 4095 & -4096);
        header = region.size() / 2;
    }

    void setUp(VhostUserTransport transport, int index) throws VirtioException {
        memory.put(0, new byte[header]);
        requests = 0;
        notifier = transport.setUpQueue(new QueueSetup(index, size, base, base + available, base + used));
    }

    QueueNotifier notifier() {
        return notifier;
    }

    /** Reads the first sector, and returns how it went. */
    int readSector() {
        submit();
        long start = System.nanoTime();
        while (memory.getShort(used + SplitRingLayout.USED_IDX) != (short) requests) {
            assertThat(System.nanoTime() - start).as("time for a read").isLessThan(TimeUnit.SECONDS.toNanos(10));
            notifier.await(TimeUnit.SECONDS.toNanos(1));
        }
        assertThat(memory.get(header + 512)).isZero();
        return status();
    }

    /** How the last read went; 0xff as long as it is not done. */
    int status() {
        return memory.get(header + 256) & 0xff;
    }

    /** Begins to read the first sector. */
    void submit() {
        int data = header + 512;
        int status = header + 256;
        memory.put(data, (byte) 1).put(status, (byte) 0xff).putInt(header + BlkRequestLayout.TYPE, BlkRequestLayout.T_IN);
        descriptor(0, header, BlkRequestLayout.HEADER_SIZE, SplitRingLayout.F_NEXT, 1);
        descriptor(1, data, 512, SplitRingLayout.F_NEXT | SplitRingLayout.F_WRITE, 2);
        descriptor(2, status, 1, SplitRingLayout.F_WRITE, 0);
        memory.putShort(available + SplitRingLayout.AVAILABLE_RING + 2 * (requests % size), (short) 0);
        requests++;
        VarHandle.fullFence();
        memory.putShort(available + SplitRingLayout.AVAILABLE_IDX, (short) requests);
        VarHandle.fullFence();
        notifier.notifyDevice(0);
    }

    private void descriptor(int index, int at, int length, int flags, int next) {
        int entry = index * SplitRingLayout.DESCRIPTOR_SIZE;
        memory.putLong(entry + SplitRingLayout.DESCRIPTOR_ADDR, base + at)
            .putInt(entry + SplitRingLayout.DESCRIPTOR_LEN, length)
            .putShort(entry + SplitRingLayout.DESCRIPTOR_FLAGS, (short) flags)
            .putShort(entry + SplitRingLayout.DESCRIPTOR_NEXT, (short) next);
    }
}
