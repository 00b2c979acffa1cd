// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.virtio.core.memory.AddressMap;
import org.virtio.queue.QueueResult;

/**
 * A device that is honest for a while, and then writes anything anywhere in the ring's memory at any time, while the driver
 * goes on with all its operations.
 * Nothing is thrown, every token comes back exactly once, and another queue, with an honest device, goes on meanwhile.
 * Takes {@code virtio.fuzz.seconds} in all; prints the seed of a failure.
 */
class HostileFuzzTest {
    private static final Duration ALL = Duration.ofSeconds(Integer.getInteger("virtio.fuzz.seconds", 3));
    private static final int CASES = 16;
    private static final int MAX_TOKENS = 4096;
    private static final int STEPS = 3000;

    private final Integer[] tokens = new Integer[MAX_TOKENS];
    /** How often each token came back. */
    private final byte[] ends = new byte[MAX_TOKENS];
    private Random random;
    private QueueFixture f;
    private QueueFixture honest;
    private final List<RingDevice.Chain> taken = new ArrayList<>();
    /** Whether the device no longer understands what it finds in the ring. */
    private boolean lost;
    private int begun;
    private int published;
    private int openToken;
    private long handedOver;
    private long lives;

    @ParameterizedTest
    @MethodSource("org.virtio.core.queue.RingCase#all")
    void anythingAnywhereAtAnyTime(RingCase ringCase) throws InterruptedException {
        long seed = System.nanoTime();
        for (int i = 0; i < MAX_TOKENS; i++) {
            tokens[i] = i;
        }
        random = new Random(seed);
        honest = new QueueFixture(ringCase.format(), 16);
        HostileWriter writer = new HostileWriter(seed);
        writer.start();
        try {
            long end = System.nanoTime() + ALL.toNanos() / CASES;
            while (System.nanoTime() < end) {
                queue(ringCase, writer);
            }
            assertThat(writer.failure).isNull();
        } catch (RuntimeException | Error e) {
            throw new AssertionError(ringCase + ", seed " + seed, e);
        } finally {
            writer.end();
        }
        assertThat(lives).as("queues that lived").isPositive();
        assertThat(handedOver).as("requests that the device was believed to have used").isPositive();
    }

    /** One queue until its third death: by a lie, by the driver, or by age. */
    private void queue(RingCase ringCase, HostileWriter writer) throws InterruptedException {
        int size = ringCase.packed() ? 1 + random.nextInt(20) : 1 << random.nextInt(5);
        int above = random.nextInt(4);
        RingFormat format = new RingFormat(ringCase.packed(), ringCase.eventIdx(), ringCase.inOrder(), ringCase.indirect(),
            above);
        f = new QueueFixture(format, size);
        for (int life = 0; life < 3; life++) {
            begun = 0;
            published = 0;
            openToken = -1;
            taken.clear();
            lost = false;
            int honestSteps = random.nextInt(400);
            for (int step = 0; step < STEPS && begun < MAX_TOKENS && !f.queue.isBroken(); step++) {
                if (step == honestSteps) {
                    writer.attack(f.queue, f.ring, random);
                }
                step();
            }
            f.queue.breakQueue("the end");
            f.queue.poll(this::end, 9);
            f.queue.detach(this::end);
            settle();
            // One that takes the reset for what it is, or one that goes on all the same.
            if (random.nextBoolean()) {
                writer.pause();
            }
            f.queue.beginReset();
            f.queue.lay(size, f.ring, new AddressMap());
            f.queue.endReset();
            f.device = RingDevice.of(f.queue, f.ring);
            lives++;
        }
    }

    private void step() {
        switch (random.nextInt(19)) {
            case 0, 1, 2, 3, 4 -> request();
            case 5, 6, 7 -> {
                f.queue.flush();
                published = begun;
            }
            case 8, 9, 10, 11 -> poll();
            case 12 -> {
                int position = f.queue.prepareNotifications();
                f.queue.isUsed(position);
            }
            case 13 -> f.queue.enableNotificationsDelayed();
            case 14 -> {
                if (random.nextInt(100) == 0) {
                    f.queue.breakQueue("for a while");
                    f.queue.unbreak();
                }
                f.queue.dump();
            }
            case 15 -> honestRoundTrip();
            default -> use();
        }
    }

    /** What an honest device would do, as long as it finds its way. */
    private void use() {
        if (lost) {
            return;
        }
        try {
            taken.addAll(f.device.take());
            if (!taken.isEmpty()) {
                int count = f.queue.format.inOrder() ? 1 + random.nextInt(taken.size()) : 1;
                int first = f.queue.format.inOrder() ? 0 : random.nextInt(taken.size());
                List<RingDevice.Chain> batch = taken.subList(first, first + count);
                f.device.useBatch(batch, batch.get(count - 1).writable());
                batch.clear();
            }
        } catch (RuntimeException | AssertionError e) {
            lost = true;
        }
    }

    /** The one before is closed: from there on it has to come back. */
    private void request() {
        openToken = -1;
        int limit = 1 + random.nextInt(f.queue.size());
        int result = f.queue.begin(tokens[begun], ~begun, limit);
        if (result != QueueResult.OK) {
            return;
        }
        int count = 1 + random.nextInt(limit);
        for (int i = 0; i < count; i++) {
            if (i == 0) {
                f.queue.addReadable(f.data, 0, 1);
            } else {
                f.queue.addWritable(f.data, 0, 4);
            }
        }
        if (random.nextInt(8) == 0) {
            f.queue.abort();
        } else {
            openToken = begun++;
        }
    }

    private void poll() {
        int result = f.queue.poll(this::used, 1 + random.nextInt(8));
        assertThat(result).isGreaterThanOrEqualTo(QueueResult.BROKEN).isNotIn(QueueResult.FULL, QueueResult.INVALID);
    }

    private void used(Object token, int written) {
        handedOver++;
        end(token, written);
        if ((Integer) token >= published) {
            throw new AssertionError("token " + token + " was never shown to the device");
        }
        int what = random.nextInt(64);
        if (what < 8 && begun < MAX_TOKENS) {
            request();
        } else if (what == 8) {
            f.queue.breakQueue("by a handler");
            f.queue.detach(this::end);
        }
    }

    private void end(Object token, int written) {
        int i = (Integer) token;
        if (++ends[i] != 1 || i >= begun || written < 0 || written > 4 * 20) {
            throw new AssertionError("token " + i + " of " + begun + " for the " + ends[i] + ". time, written " + written);
        }
    }

    private void settle() {
        for (int i = 0; i < begun; i++) {
            if (ends[i] != 1) {
                throw new AssertionError("token " + i + " of " + begun + " came back " + ends[i] + " times, open " + openToken);
            }
            ends[i] = 0;
        }
        assertThat(f.queue.inFlight()).isZero();
    }

    private void honestRoundTrip() {
        honest.request("honest", 1, -4);
        honest.queue.flush();
        honest.useAll();
        if (honest.poll() != 1 || honest.used.get(0).written() != 4) {
            throw new AssertionError("the other queue: " + honest.queue.brokenReason());
        }
        honest.used.clear();
    }

    /** Waits no longer than the JVM's own time slices make it. */
    static void await(java.util.function.BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(end);
            Thread.onSpinWait();
        }
    }
}
