// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import java.nio.ByteBuffer;
import java.util.Random;
import org.virtio.spec.PackedRingLayout;
import org.virtio.spec.SplitRingLayout;

/**
 * Writes into a ring's memory what it likes: noise anywhere, or what could be true where the device may write. Each attack has
 * a manner and a pace of its own: who tells all lies at once is found out by the first, and never gets to the second.
 */
final class HostileWriter extends Thread {
    private static final int[] USED_FLAGS = {0x8080, 0, 0x8082, 2, 0x80, 0x8000, 0xffff};
    private static final int NOISE = 1;
    private static final int WISHES = 2;
    private static final int IDS = 4;
    private static final int LENGTHS = 8;
    private static final int PROGRESS = 16;
    private static final int ALL = 31;

    volatile Throwable failure;
    private volatile Target target;
    private volatile boolean busy;
    private volatile boolean ended;
    private final Random random;

    private record Target(ByteBuffer memory, boolean packed, int size, int areas, int used, int manner, int pace) {
    }

    HostileWriter(long seed) {
        super("hostile device");
        setDaemon(true);
        random = new Random(~seed);
    }

    /** Begins to write into a ring. */
    void attack(Ring queue, TestBuffer ring, Random choice) {
        boolean packed = queue.format.packed();
        int areas = packed ? PackedVirtqueue.bytes(queue.size()) : SplitVirtqueue.bytes(queue.size());
        int used = (int) (queue.setup().deviceArea() - ring.deviceAddress());
        target = new Target(ring.bytes().duplicate().order(ring.bytes().order()), packed, queue.size(), areas, used,
            1 + choice.nextInt(ALL), 20 << choice.nextInt(10));
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
            while (!ended) {
                busy = true;
                Target now = target;
                int pace = 1;
                if (now != null) {
                    write(now);
                    pace = now.pace();
                }
                busy = false;
                for (int i = random.nextInt(pace); i > 0 && target == now; i--) {
                    Thread.onSpinWait();
                }
            }
        } catch (RuntimeException | Error e) {
            failure = e;
        }
    }

    private void write(Target to) {
        int lie = 1 << random.nextInt(5) & to.manner();
        if (lie == NOISE) {
            noise(to);
        } else if (to.packed()) {
            packed(to, lie);
        } else {
            split(to, lie);
        }
    }

    private void noise(Target to) {
        if (random.nextBoolean()) {
            to.memory().put(random.nextInt(to.memory().capacity()), (byte) random.nextInt());
        } else {
            to.memory().putLong(random.nextInt(to.areas() / 8) * 8, random.nextLong());
        }
    }

    private void packed(Target to, int lie) {
        int offset = random.nextInt(to.size()) * PackedRingLayout.DESCRIPTOR_SIZE;
        switch (lie) {
            case WISHES -> to.memory().putInt(to.used(), random.nextInt(4) << 16 | random.nextInt(1 << 16));
            case IDS -> to.memory().putShort(offset + PackedRingLayout.DESCRIPTOR_ID, (short) random.nextInt(to.size()));
            case LENGTHS -> to.memory().putInt(offset + PackedRingLayout.DESCRIPTOR_LEN, random.nextInt(4));
            case PROGRESS -> to.memory().putShort(offset + PackedRingLayout.DESCRIPTOR_FLAGS,
                (short) USED_FLAGS[random.nextInt(USED_FLAGS.length)]);
            default -> Thread.onSpinWait();
        }
    }

    private void split(Target to, int lie) {
        int element = to.used() + SplitRingLayout.USED_RING + random.nextInt(to.size()) * SplitRingLayout.USED_ELEMENT_SIZE;
        switch (lie) {
            case WISHES -> to.memory().putShort(to.used() + SplitRingLayout.availEvent(to.size()), (short) random.nextInt());
            case IDS -> to.memory().putInt(element, random.nextInt(to.size()));
            case LENGTHS -> to.memory().putInt(element + SplitRingLayout.USED_ELEMENT_LEN, random.nextInt(3));
            case PROGRESS -> {
                int index = to.used() + SplitRingLayout.USED_IDX;
                int available = to.memory().getShort(SplitRingLayout.descriptorTableSize(to.size())
                    + SplitRingLayout.AVAILABLE_IDX);
                int base = random.nextBoolean() ? to.memory().getShort(index) : available;
                to.memory().putShort(index, (short) (base - random.nextInt(Math.min(to.size() + 1, 5))));
            }
            default -> Thread.onSpinWait();
        }
    }
}
