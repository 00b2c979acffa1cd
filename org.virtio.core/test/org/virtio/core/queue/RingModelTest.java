// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.virtio.core.queue.QueueFixture.Used;
import org.virtio.core.queue.RingDevice.Chain;
import org.virtio.core.queue.RingDevice.Descriptor;
import org.virtio.queue.QueueResult;

/** Arbitrary sequences of all operations, by driver and device, against a model that only counts. */
class RingModelTest {
    private static final int STEPS = 200;

    private static final class Request {
        final int id;
        final List<Descriptor> descriptors = new ArrayList<>();
        boolean preferIndirect;
        int cost;
        Chain chain;

        Request(int id) {
            this.id = id;
        }

        int writable() {
            int sum = 0;
            for (Descriptor descriptor : descriptors) {
                sum += descriptor.writable() ? descriptor.length() : 0;
            }
            return sum;
        }
    }

    private RingFormat format;
    private QueueFixture f;
    private Random random;
    private int size;
    private int tableLength;
    private Request open;
    private int openLimit;
    private int nextId;
    private int free;
    private boolean broken;
    private boolean detached;
    /** Closed, with the device, and used but not polled; each the oldest first, or in the device's order. */
    private final List<Request> entered = new ArrayList<>();
    private final List<Request> device = new ArrayList<>();
    private final List<Request> used = new ArrayList<>();
    private final List<Used> expected = new ArrayList<>();
    /** Whether the device names a place of which it wants to be notified, and how many steps away that is. */
    private boolean wishesPlace;
    private int wish;
    /** What the device has to be told by: nothing, the next used buffer, or the last of what is pending. */
    private int armed;

    @Property
    void anySequence(@ForAll @IntRange(min = 0, max = 15) int features, @ForAll @IntRange(min = 1, max = 40) int size,
            @ForAll @IntRange(min = 0, max = 5) int indirectAbove, @ForAll long seed) {
        boolean packed = (features & 1) != 0;
        new RingModelTest().run(new RingFormat(packed, (features & 2) != 0, (features & 4) != 0, (features & 8) != 0,
            indirectAbove), packed ? size : Integer.highestOneBit(size), seed);
    }

    private void run(RingFormat newFormat, int newSize, long seed) {
        format = newFormat;
        random = new Random(seed);
        f = new QueueFixture(format, newSize);
        fresh(newSize);
        for (int step = 0; step < STEPS; step++) {
            step();
            check("free descriptors", f.queue.freeDescriptors(), free);
            check("in flight", f.queue.inFlight(), entered.size() + device.size() + used.size() + (open == null ? 0 : 1));
            check("broken", f.queue.isBroken() ? 1 : 0, broken ? 1 : 0);
        }
        f.queue.breakQueue("the end");
        f.queue.detach(f);
        assertThat(f.queue.inFlight()).isZero();
    }

    /** Cheaper than an assertion for each of millions. */
    private static void check(String what, int actual, int expected) {
        if (actual != expected) {
            throw new AssertionError(what + ": " + actual + " but expected " + expected);
        }
    }

    private void step() {
        switch (random.nextInt(32)) {
            case 0, 1, 2, 3, 4 -> begin();
            case 5, 6, 7, 8, 9, 10, 11 -> add();
            case 12 -> abort();
            case 13 -> preferIndirect();
            case 14, 15, 16, 17 -> publish();
            case 18, 19, 20, 21 -> use();
            case 22, 23, 24, 25 -> poll();
            case 26 -> wish();
            case 27 -> listen();
            case 28 -> listenLater();
            case 29 -> deafen();
            case 30 -> breakOrMend();
            default -> {
                if (random.nextInt(8) == 0) {
                    reset();
                }
            }
        }
    }

    private void fresh(int newSize) {
        size = newSize;
        free = newSize;
        tableLength = format.indirect() ? IndirectTables.length(newSize) : 0;
        wishesPlace = format.eventIdx() && !format.packed();
        wish = 0;
        armed = 0;
        broken = false;
        detached = false;
    }

    private void begin() {
        int limit = random.nextInt(size + 2);
        enter();
        int result = f.queue.begin(nextId, nextId, limit);
        if (broken) {
            assertThat(result).isEqualTo(QueueResult.BROKEN);
        } else if (limit < 1 || limit > size) {
            assertThat(result).isEqualTo(QueueResult.INVALID);
        } else if (limit > free && (free == 0 || limit > tableLength)) {
            assertThat(result).isEqualTo(QueueResult.FULL);
        } else {
            assertThat(result).isEqualTo(QueueResult.OK);
            open = new Request(nextId++);
            openLimit = limit;
        }
    }

    private void add() {
        if (open == null || open.descriptors.size() == openLimit) {
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
        open.descriptors.add(new Descriptor(QueueFixture.DATA_ADDRESS + offset, length, writable));
    }

    private void abort() {
        f.queue.abort();
        open = null;
    }

    private void preferIndirect() {
        if (open != null) {
            f.queue.preferIndirect();
            open.preferIndirect = true;
        }
    }

    private void enter() {
        int count = open == null ? 0 : open.descriptors.size();
        if (count > 0) {
            boolean table = count <= tableLength && (open.preferIndirect || count > format.indirectAbove() || count > free);
            open.cost = table ? 1 : count;
            free -= open.cost;
            entered.add(open);
        }
        open = null;
    }

    private void publish() {
        enter();
        boolean told = f.queue.publish();
        if (entered.isEmpty() || broken) {
            assertThat(told).isFalse();
            return;
        }
        List<Chain> chains = f.device.take();
        assertThat(chains).hasSameSizeAs(entered);
        int steps = 0;
        for (int i = 0; i < chains.size(); i++) {
            Request request = entered.get(i);
            request.chain = chains.get(i);
            assertThat(request.chain.descriptors()).isEqualTo(request.descriptors);
            assertThat(request.chain.ringSize()).isEqualTo(request.cost);
            steps += f.device.steps(request.chain);
        }
        assertThat(told).isEqualTo(wish < steps);
        if (wishesPlace) {
            wish = Math.floorMod(wish - steps, f.device.period());
        }
        device.addAll(entered);
        entered.clear();
    }

    /** For a split ring the flag is without meaning once there is EVENT_IDX. */
    private void wish() {
        wishesPlace = format.eventIdx() && (!format.packed() || random.nextBoolean());
        if (wishesPlace) {
            wish = random.nextInt(size + 1);
            f.device.wishAfter(wish);
        } else {
            boolean wanted = random.nextBoolean();
            wish = wanted ? 0 : Integer.MAX_VALUE;
            f.device.wish(wanted);
        }
    }

    private void use() {
        if (device.isEmpty()) {
            return;
        }
        int count = format.inOrder() ? 1 + random.nextInt(device.size()) : 1;
        int first = format.inOrder() ? 0 : random.nextInt(device.size());
        List<Request> batch = new ArrayList<>(device.subList(first, first + count));
        device.subList(first, first + count).clear();
        Request last = batch.get(count - 1);
        int written = random.nextInt(last.writable() + 1);
        if (count == 1) {
            f.device.use(last.chain, written);
        } else {
            f.device.useBatch(batch.stream().map(request -> request.chain).toList(), written);
        }
        for (Request request : batch) {
            expected.add(new Used(request.id, request == last ? written : request.writable()));
        }
        used.addAll(batch);
        boolean told = f.device.driverWants();
        if (armed == 1 || armed == 2 && device.isEmpty()) {
            assertThat(told).isTrue();
        }
        if (armed == 0) {
            assertThat(told).as("notified though notifications are off").isFalse();
        } else if (told) {
            armed = format.eventIdx() ? 3 : armed;
        }
    }

    private void poll() {
        int limit = 1 + random.nextInt(4);
        int result = f.queue.poll(f, limit);
        if (broken) {
            assertThat(result).isEqualTo(QueueResult.BROKEN);
            return;
        }
        int count = Math.min(limit, expected.size());
        assertThat(result).isEqualTo(count);
        handedOver(count);
    }

    private void handedOver(int count) {
        assertThat(f.used).isEqualTo(expected.subList(0, count));
        expected.subList(0, count).clear();
        used.subList(0, count).forEach(request -> free += request.cost);
        used.subList(0, count).clear();
        f.used.clear();
    }

    private void listen() {
        boolean safe = f.queue.enableNotifications();
        assertThat(safe).isEqualTo(expected.isEmpty() && !broken);
        armed = safe ? 1 : 0;
    }

    private void listenLater() {
        int pending = device.size();
        boolean safe = f.queue.enableNotificationsDelayed();
        if (broken || expected.isEmpty()) {
            assertThat(safe).isEqualTo(!broken);
        }
        assertThat(safe && pending == 0 && !expected.isEmpty()).as("nobody will notify").isFalse();
        armed = !safe ? 0 : pending == 0 ? 1 : 2;
    }

    private void deafen() {
        f.queue.disableNotifications();
        armed = 0;
    }

    private void breakOrMend() {
        if (!broken) {
            f.queue.breakQueue("model");
            broken = true;
        } else if (random.nextInt(4) == 0) {
            assertThat(f.queue.detach(f)).isEqualTo(giveBack());
            detached = true;
        } else {
            assertThat(f.queue.unbreak()).isEqualTo(!detached);
            broken = detached;
        }
        if (!broken) {
            assertThatIllegalStateException().isThrownBy(() -> f.queue.detach(f));
        }
    }

    /** What is in flight comes back: the oldest first, which is the order of the ids. */
    private int giveBack() {
        enter();
        List<Request> all = new ArrayList<>(entered);
        all.addAll(device);
        all.addAll(used);
        List<Used> back = all.stream().map(request -> request.id).sorted().map(id -> new Used(id, 0)).toList();
        assertThat(f.used).isEqualTo(back);
        f.used.clear();
        entered.clear();
        device.clear();
        used.clear();
        expected.clear();
        free = size;
        return back.size();
    }

    private void reset() {
        int newSize = random.nextBoolean() ? size : format.packed() ? 1 + random.nextInt(40) : 1 << random.nextInt(6);
        boolean trusted = !detached;
        List<Used> before = new ArrayList<>();
        List<Used> unused = new ArrayList<>();
        f.reset(newSize, (token, written) -> unused.add(new Used(token, written)));
        before.addAll(f.used);
        if (trusted) {
            assertThat(before).isEqualTo(expected);
            handedOver(expected.size());
        }
        f.used.addAll(unused);
        giveBack();
        fresh(newSize);
    }
}
