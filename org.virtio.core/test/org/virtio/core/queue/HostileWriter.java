// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import java.nio.ByteBuffer;
import java.util.Random;
import org.virtio.spec.PackedRingLayout;
import org.virtio.spec.SplitRingLayout;

/** Writes into a ring's memory what it likes: noise anywhere, or what could be true where the device may write. */
final class HostileWriter extends Thread {
    private static final int[] USED_FLAGS = {0x8080, 0, 0x8082, 2, 0x80, 0x8000, 0xffff};

    volatile Throwable failure;
    private volatile Target target;
    private volatile boolean busy;
    private volatile boolean ended;
    private final Random random;

    private record Target(ByteBuffer memory, boolean packed, int size, int areas, int used) {
    }

    HostileWriter(long seed) {
        super("hostile device");
        setDaemon(true);
        random = new Random(~seed);
    }

    /** Begins to write into a ring. */
    void attack(Ring queue, TestBuffer ring) {
        boolean packed = queue.format.packed();
        int areas = packed ? PackedVirtqueue.bytes(queue.size()) : SplitVirtqueue.bytes(queue.size());
        int used = (int) (queue.setup().deviceArea() - ring.deviceAddress());
        target = new Target(ring.bytes().duplicate().order(ring.bytes().order()), packed, queue.size(), areas, used);
    }

    /** Ends that, as a device that was reset would. */
    void pause() throws InterruptedException {
        target = null;
        HostileFuzzTest.await(() -> !busy);
    }

    void end() throws InterruptedException {
        ended = true;
        join();
    }

    @Override
    public void run() {
        try {
            int usedIndex = 0;
            while (!ended) {
                busy = true;
                Target now = target;
                if (now != null) {
                    usedIndex = write(now, usedIndex);
                }
                busy = false;
                for (int i = random.nextInt(200); i > 0; i--) {
                    Thread.onSpinWait();
                }
            }
        } catch (RuntimeException | Error e) {
            failure = e;
        }
    }

    private int write(Target to, int usedIndex) {
        int kind = random.nextInt(64);
        if (kind == 0) {
            to.memory().put(random.nextInt(to.memory().capacity()), (byte) random.nextInt());
        } else if (kind == 1) {
            to.memory().putLong(random.nextInt(to.areas() / 8) * 8, random.nextLong());
        } else if (to.packed()) {
            claimPacked(to, kind);
        } else {
            return claimSplit(to, kind, usedIndex);
        }
        return usedIndex;
    }

    private void claimPacked(Target to, int kind) {
        if (kind < 8) {
            to.memory().putInt(to.used(), random.nextInt(4) << 16 | random.nextInt(1 << 16));
            return;
        }
        int offset = random.nextInt(to.size()) * PackedRingLayout.DESCRIPTOR_SIZE;
        to.memory().putInt(offset + PackedRingLayout.DESCRIPTOR_LEN, random.nextInt(4));
        to.memory().putShort(offset + PackedRingLayout.DESCRIPTOR_ID, (short) random.nextInt(to.size()));
        if (kind < 48) {
            to.memory().putShort(offset + PackedRingLayout.DESCRIPTOR_FLAGS,
                (short) USED_FLAGS[random.nextInt(USED_FLAGS.length)]);
        }
    }

    private int claimSplit(Target to, int kind, int usedIndex) {
        int element = to.used() + SplitRingLayout.USED_RING + random.nextInt(to.size()) * SplitRingLayout.USED_ELEMENT_SIZE;
        int next = usedIndex;
        if (kind < 40) {
            to.memory().putInt(element, random.nextInt(to.size()));
            to.memory().putInt(element + SplitRingLayout.USED_ELEMENT_LEN, random.nextInt(3));
        } else if (kind < 44) {
            to.memory().putShort(to.used() + SplitRingLayout.availEvent(to.size()), (short) (usedIndex + random.nextInt(9)));
        } else {
            // A few ahead of what the driver has made available, or behind: now and then the same as if it were true.
            int available = to.memory().getShort(SplitRingLayout.descriptorTableSize(to.size()) + SplitRingLayout.AVAILABLE_IDX);
            next = available - random.nextInt(Math.min(to.size(), 4)) + (kind == 44 ? 1 : 0);
            to.memory().putShort(to.used() + SplitRingLayout.USED_IDX, (short) next);
        }
        return next;
    }
}
