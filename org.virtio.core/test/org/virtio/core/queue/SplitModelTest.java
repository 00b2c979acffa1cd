// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.virtio.core.queue.QueueFixture.Used;
import org.virtio.core.queue.SplitDevice.Chain;
import org.virtio.core.queue.SplitDevice.Descriptor;
import org.virtio.queue.QueueResult;

/** Arbitrary sequences of ring operations, by driver and device, against a model that only counts. */
class SplitModelTest {
    /** What the model knows of a request. */
    private record Request(int id, List<Descriptor> descriptors) {
        int writable() {
            return descriptors.stream().filter(Descriptor::writable).mapToInt(Descriptor::length).sum();
        }
    }

    private QueueFixture f;
    private Random random;
    private int size;
    private Request open;
    private int openLimit;
    private int nextId;
    private int free;
    private final List<Request> entered = new ArrayList<>();
    private final List<Request> published = new ArrayList<>();
    private final List<Chain> taken = new ArrayList<>();
    private final List<Used> expected = new ArrayList<>();
    private final List<Request> device = new ArrayList<>();

    @Property(tries = 2000)
    void anySequence(@ForAll @IntRange(min = 0, max = 6) int sizeExponent, @ForAll boolean eventIdx, @ForAll long seed) {
        new SplitModelTest().run(1 << sizeExponent, eventIdx, seed);
    }

    private void run(int queueSize, boolean eventIdx, long seed) {
        size = queueSize;
        f = new QueueFixture(size, eventIdx);
        random = new Random(seed);
        free = size;
        for (int step = 0; step < 300; step++) {
            switch (random.nextInt(8)) {
                case 0, 1 -> begin();
                case 2, 3 -> add();
                case 4 -> abort();
                case 5 -> flush();
                case 6 -> use();
                default -> poll();
            }
            assertThat(f.queue.freeDescriptors()).isEqualTo(free);
            assertThat(f.queue.inFlight())
                .isEqualTo(entered.size() + device.size() + expected.size() + (open == null ? 0 : 1));
        }
    }

    private int openLength() {
        return open == null ? 0 : open.descriptors().size();
    }

    private void begin() {
        int limit = random.nextInt(size + 2);
        enter();
        int result = f.queue.begin(nextId, limit);
        if (limit < 1 || limit > size) {
            assertThat(result).isEqualTo(QueueResult.INVALID);
        } else if (limit > free) {
            assertThat(result).isEqualTo(QueueResult.FULL);
        } else {
            assertThat(result).isEqualTo(QueueResult.OK);
            open = new Request(nextId++, new ArrayList<>());
            openLimit = limit;
        }
    }

    private void add() {
        if (open == null || openLength() == openLimit) {
            return;
        }
        boolean writable = random.nextBoolean() || open.writable() > 0;
        int offset = random.nextInt(1000);
        int length = 1 + random.nextInt(1000);
        if (writable) {
            f.queue.addWritable(f.data, offset, length);
        } else {
            f.queue.addReadable(f.data, offset, length);
        }
        open.descriptors().add(new Descriptor(QueueFixture.DATA_ADDRESS + offset, length, writable));
    }

    private void abort() {
        f.queue.abort();
        open = null;
    }

    private void enter() {
        if (openLength() > 0) {
            entered.add(open);
            free -= openLength();
        }
        open = null;
    }

    private void flush() {
        enter();
        f.queue.flush();
        published.addAll(entered);
        device.addAll(entered);
        entered.clear();
        for (Chain chain : f.device.take()) {
            assertThat(chain.descriptors()).isEqualTo(published.get(taken.size()).descriptors());
            taken.add(chain);
        }
        assertThat(taken).hasSameSizeAs(published);
    }

    private void use() {
        if (device.isEmpty()) {
            return;
        }
        Request request = device.remove(random.nextInt(device.size()));
        int written = random.nextInt(request.writable() + 1);
        f.device.use(taken.get(published.indexOf(request)).head(), written);
        expected.add(new Used(request.id(), written));
    }

    private void poll() {
        int limit = 1 + random.nextInt(4);
        int count = Math.min(limit, expected.size());
        assertThat(f.queue.poll(f, limit)).isEqualTo(count);
        List<Used> due = expected.subList(0, count);
        assertThat(f.used).isEqualTo(due);
        due.forEach(used -> free += find((Integer) used.token()).descriptors().size());
        due.clear();
        f.used.clear();
    }

    private Request find(int id) {
        return published.stream().filter(request -> request.id() == id).findFirst().orElseThrow();
    }
}
