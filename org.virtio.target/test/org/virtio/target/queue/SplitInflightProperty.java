// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Whenever a process ends, the next one finds exactly what was in flight, in the order in which it was taken. */
class SplitInflightProperty {
    private static final int SIZE = 16;
    private static final int STEPS = 200;

    private ByteBuffer memory;
    private Random random;
    private SplitInflight inflight;
    private int usedIndex;
    /** In the order in which they were taken. */
    private final List<Integer> expected = new ArrayList<>();

    @Property
    void whatIsInFlightIsFound(@ForAll long seed) throws QueueException {
        random = new Random(seed);
        memory = ByteBuffer.allocate(2 * SplitInflightLayout.partSize(SIZE)).order(ByteOrder.nativeOrder());
        expected.clear();
        usedIndex = random.nextInt(0x10000);
        inflight = new SplitInflight(memory, 1, SIZE);
        assertThat(inflight.begin(usedIndex, usedIndex)).isEqualTo(usedIndex);
        for (int i = 0; i < STEPS; i++) {
            if (random.nextBoolean()) {
                take();
            } else {
                use();
            }
            if (random.nextInt(8) == 0) {
                end();
            }
        }
        assertThat(memory.slice(0, SplitInflightLayout.partSize(SIZE))).as("the other queue's")
            .isEqualTo(ByteBuffer.allocate(SplitInflightLayout.partSize(SIZE)));
    }

    private void take() throws QueueException {
        int head = random.nextInt(SIZE);
        if (expected.contains(head)) {
            return;
        }
        if (random.nextInt(8) == 0) {
            memory.putLong(entry(head) + SplitInflightLayout.ENTRY_COUNTER, random.nextLong());
            end();
        }
        inflight.taken(head);
        expected.add(head);
    }

    /** Uses some of them, in any order, and ends between any two stores. */
    private void use() throws QueueException {
        List<Integer> batch = new ArrayList<>(expected);
        Collections.shuffle(batch, random);
        batch = batch.subList(0, random.nextInt(batch.size() + 1));
        int endsAfter = random.nextInt(4) == 0 ? random.nextInt(2 * batch.size() + 1) : -1;
        for (int i = 0; i < batch.size(); i++) {
            if (i == endsAfter) {
                end();
                return;
            }
            inflight.completed(batch.get(i));
        }
        usedIndex = usedIndex + batch.size() & 0xffff;
        expected.removeAll(batch);
        if (endsAfter >= batch.size()) {
            List<Integer> cleared = batch.subList(0, endsAfter - batch.size());
            cleared.forEach(head -> memory.put(entry(head) + SplitInflightLayout.ENTRY_INFLIGHT, (byte) 0));
            end();
        } else {
            inflight.published(usedIndex);
        }
    }

    private static int entry(int head) {
        return SplitInflightLayout.partSize(SIZE) + SplitInflightLayout.entry(head);
    }

    private void end() throws QueueException {
        inflight = new SplitInflight(memory, 1, SIZE);
        int next = inflight.begin(usedIndex, random.nextInt(0x10000));
        assertThat(next).isEqualTo(usedIndex + expected.size() & 0xffff);
        assertThat(inflight.lost()).isEqualTo(expected.size());
        for (int head : expected) {
            assertThat(inflight.firstLost()).isEqualTo(head);
            inflight.takeLost();
        }
        assertThat(inflight.lost()).isZero();
    }

    @Property
    void garbageIsRefusedOrIsWithinTheQueue(@ForAll long seed) {
        Random garbage = new Random(seed);
        byte[] bytes = new byte[SplitInflightLayout.partSize(SIZE)];
        garbage.nextBytes(bytes);
        ByteBuffer part = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).putLong(0, 0).putShort(8, (short) 1)
            .putShort(10, (short) SIZE).putShort(12, (short) garbage.nextInt(SIZE + 1));
        for (int i = 0; i < SIZE; i++) {
            part.put(SplitInflightLayout.entry(i), (byte) garbage.nextInt(garbage.nextInt(8) == 0 ? 3 : 2))
                .putShort(SplitInflightLayout.entry(i) + 6, (short) garbage.nextInt(SIZE + garbage.nextInt(2)));
        }
        SplitInflight found = new SplitInflight(part, 0, SIZE);
        try {
            found.begin(part.getShort(14) + garbage.nextInt(SIZE + 2) & 0xffff, 0);
        } catch (QueueException e) {
            assertThat(e.getMessage()).startsWith("the inflight memory has ");
            return;
        }
        while (found.lost() > 0) {
            assertThat(found.firstLost()).isBetween(0, SIZE - 1);
            found.takeLost();
        }
    }
}
