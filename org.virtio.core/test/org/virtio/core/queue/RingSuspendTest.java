// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.virtio.core.memory.AddressMap;
import org.virtio.core.queue.QueueFixture.Used;
import org.virtio.core.queue.RingDevice.Chain;
import org.virtio.queue.QueueResult;

/** A queue whose device goes and comes back, perhaps with other addresses for the same memory. */
class RingSuspendTest {
    private static final int SIZE = 16;
    private static final long ELSEWHERE = 0x40_0000L;
    private static final long NEXT_RING = 0x7100_0000_0000L;

    private static QueueFixture fixture(RingCase features) {
        return new QueueFixture(features.format(), SIZE);
    }

    /** The device is back: it knows data by other addresses, and finds a new ring. */
    private static void resume(QueueFixture f) {
        TestBuffer memory = new TestBuffer(NEXT_RING, f.queue.format.bytes(SIZE));
        AddressMap addresses = new AddressMap();
        addresses.add(QueueFixture.DATA_ADDRESS, QueueFixture.DATA_SIZE, ELSEWHERE);
        f.queue.resume(new RingSession(memory, f, addresses, session -> f.ring = (TestBuffer) session.memory()));
    }

    private static List<Chain> fourOfWhichOneIsUsed(QueueFixture f) {
        for (int token = 0; token < 4; token++) {
            f.request(token, 10 + token, -(100 + token));
        }
        f.queue.flush();
        List<Chain> taken = f.device.take();
        f.device.use(taken.get(0), taken.get(0).writable());
        return taken;
    }

    private static List<Integer> tokens(QueueFixture f) {
        return f.used.stream().map(Used::token).map(Integer.class::cast).toList();
    }

    @ParameterizedTest
    @MethodSource("org.virtio.core.queue.RingCase#all")
    void whatIsInFlightIsEnteredAgainInOrderAndOnlyThat(RingCase features) {
        QueueFixture f = fixture(features);
        List<Chain> taken = fourOfWhichOneIsUsed(f);
        assertThat(f.poll()).isEqualTo(1);
        f.device.use(taken.get(1), taken.get(1).writable());

        assertThat(f.queue.suspend()).as("a session that was not entered").isNull();
        f.request(4, 14, -104);
        assertThat(f.queue.publish()).isFalse();
        assertThat(f.device.take()).as("given to a device that is to become quiet").isEmpty();
        assertThat(f.queue.begin(5, Integer.valueOf(5).hashCode(), 2)).isZero();
        f.queue.addReadable(f.data, 0, 15);
        f.queue.addWritable(f.data, 5, 105);
        assertThat(f.poll()).as("used before it went").isEqualTo(1);
        resume(f);
        int notified = f.notifications;
        assertThat(f.poll()).isZero();
        assertThat(f.notifications).isEqualTo(notified + 1);
        f.device = RingDevice.of(f.queue, f.ring);
        f.queue.flush();
        List<Chain> again = f.device.take();
        assertThat(again.stream().map(chain -> chain.descriptors().get(0).length())).containsExactly(12, 13, 14, 15);
        assertThat(again.stream().map(Chain::writable)).containsExactly(102, 103, 104, 105);
        assertThat(again.get(3).descriptors().get(1).address()).isEqualTo(ELSEWHERE + 5);
        assertThat(again.get(0).descriptors().get(0).address()).isEqualTo(ELSEWHERE);
        again.forEach(chain -> f.device.use(chain, chain.writable()));
        assertThat(f.poll()).isEqualTo(4);
        assertThat(tokens(f)).containsExactly(0, 1, 2, 3, 4, 5);
        assertThat(f.queue.inFlight()).isZero();
        assertThat(f.queue.freeDescriptors()).isEqualTo(SIZE);
        assertThat(f.queue.dump().requests).isEqualTo(6);
        assertThat(f.queue.dump().completions).isEqualTo(6);
        IntStream.range(0, 3 * SIZE).forEach(i -> f.roundTrip());
    }

    /** A request's readable length is its token; what the device finds must be what was entered and not used, in that order. */
    @ParameterizedTest
    @MethodSource("org.virtio.core.queue.RingCase#all")
    void howeverOthersOvertookItEachIsEnteredAgainAsItWas(RingCase features) {
        QueueFixture f = fixture(features);
        Random random = new Random(7);
        List<Chain> held = new ArrayList<>();
        List<Integer> expected = new ArrayList<>();
        int token = 1;
        for (int round = 0; round < 400; round++) {
            for (int lengths = 1 + random.nextInt(3); enter(f, token, lengths); lengths = 1 + random.nextInt(3)) {
                expected.add(token++);
                if (random.nextInt(4) == 0) {
                    break;
                }
            }
            f.queue.flush();
            held.addAll(f.device.take());
            for (int use = random.nextInt(held.size() + 1); use > 0; use--) {
                Chain chain = held.remove(features.inOrder() ? 0 : random.nextInt(held.size()));
                f.device.use(chain, chain.writable());
            }
            if (random.nextBoolean()) {
                f.poll();
                expected.removeAll(tokens(f));
            }
            if (random.nextInt(8) == 0) {
                f.queue.suspend();
                resume(f);
                f.poll();
                expected.removeAll(tokens(f));
                f.device = RingDevice.of(f.queue, f.ring);
                held = new ArrayList<>(f.device.take());
                assertThat(held.stream().map(chain -> chain.descriptors().get(0).length())).isEqualTo(expected);
            }
            f.used.clear();
        }
        assertThat(token).isGreaterThan(20 * SIZE);
        assertThat(f.queue.dump().requests).isEqualTo(token - 1);
    }

    private static boolean enter(QueueFixture f, int token, int buffers) {
        int[] lengths = new int[buffers];
        Arrays.fill(lengths, -token);
        lengths[0] = token;
        return f.request(token, lengths) == QueueResult.OK;
    }

    @ParameterizedTest
    @MethodSource("org.virtio.core.queue.RingCase#all")
    void aQueueWithoutItsDeviceTakesRequestsUntilItIsFull(RingCase features) {
        QueueFixture f = fixture(features);
        f.queue.suspend();
        int entered = 0;
        while (f.request(entered, 1, -1) == QueueResult.OK) {
            entered++;
        }
        assertThat(entered).isEqualTo(features.indirect() ? SIZE : SIZE / 2);
        assertThat(f.request("one more", 1, -1)).isEqualTo(QueueResult.FULL);
        resume(f);
        assertThat(f.poll()).isZero();
        f.device = RingDevice.of(f.queue, f.ring);
        f.useAll();
        assertThat(f.poll()).isEqualTo(entered);
        assertThat(tokens(f)).isEqualTo(IntStream.range(0, entered).boxed().toList());
    }

    @ParameterizedTest
    @MethodSource("org.virtio.core.queue.RingCase#all")
    void aSessionThatNobodyEnteredIsTakenBack(RingCase features) {
        QueueFixture f = fixture(features);
        f.request(0, 1);
        f.queue.flush();
        f.queue.suspend();
        resume(f);
        assertThat(f.queue.suspend()).isNotNull().isNotSameAs(RingSession.NONE);
        assertThat(f.poll()).isZero();
        assertThat(f.ring.deviceAddress()).as("where the ring is").isEqualTo(QueueFixture.RING_ADDRESS);
        resume(f);
        assertThat(f.poll()).isZero();
        assertThat(f.queue.suspend()).isNull();
        resume(f);
        assertThat(f.poll()).isZero();
        f.device = RingDevice.of(f.queue, f.ring);
        f.useAll();
        assertThat(f.poll()).isEqualTo(1);
    }

    /** Another back end goes on in the ring as it is, with what the one before it had and not used. */
    @ParameterizedTest
    @MethodSource("org.virtio.core.queue.RingCase#all")
    void aRingThatStaysAsItIsGoesOn(RingCase features) {
        QueueFixture f = fixture(features);
        List<Chain> taken = fourOfWhichOneIsUsed(f);
        assertThat(f.queue.enableNotifications()).as("something is used").isFalse();
        f.queue.suspend();
        f.request(4, 14, -104);
        assertThat(f.queue.publish()).isFalse();
        assertThat(f.queue.begin(5, 0, 2)).isZero();
        f.queue.addReadable(f.data, 0, 15);
        f.queue.prepareNotifications();
        List<RingSession> entered = new ArrayList<>();
        f.queue.resume(new RingSession(null, f, new AddressMap(), entered::add));
        int notified = f.notifications;
        assertThat(f.poll()).as("used before it went").isEqualTo(1);
        assertThat(entered).hasSize(1);
        assertThat(f.queue.isSuspended()).isFalse();
        assertThat(f.notifications).isEqualTo(notified + 1);
        f.device.use(taken.get(1), taken.get(1).writable());
        assertThat(f.device.driverWants()).as("who waited still does").isTrue();
        f.device.use(taken.get(2), taken.get(2).writable());
        f.device.use(taken.get(3), taken.get(3).writable());
        assertThat(f.device.take().stream().map(chain -> chain.descriptors().get(0).length())).containsExactly(14);
        assertThat(f.poll()).isEqualTo(3);
        f.queue.flush();
        assertThat(f.device.take().stream().map(chain -> chain.descriptors().get(0).length()))
            .as("what was under construction").containsExactly(15);
        assertThat(tokens(f)).containsExactly(0, 1, 2, 3);
        assertThat(f.queue.dump().requests).isEqualTo(6);
    }

    @ParameterizedTest
    @MethodSource("org.virtio.core.queue.RingCase#all")
    void whoWaitedForANotificationStillDoes(RingCase features) {
        QueueFixture f = fixture(features);
        f.request(0, 1);
        f.queue.flush();
        assertThat(f.queue.enableNotifications()).isTrue();
        f.queue.suspend();
        resume(f);
        assertThat(f.queue.await(0)).as("there is something to poll for").isTrue();
        assertThat(f.poll()).isZero();
        f.device = RingDevice.of(f.queue, f.ring);
        f.useAll();
        assertThat(f.device.driverWants()).isTrue();
    }

    @ParameterizedTest
    @MethodSource("org.virtio.core.queue.RingCase#all")
    void aLimitedPollLeavesTheRestOfWhatWasUsedForTheNext(RingCase features) {
        QueueFixture f = fixture(features);
        f.request(0, 1);
        f.request(1, 1);
        f.request(2, 1);
        f.queue.flush();
        List<Chain> taken = f.device.take();
        f.device.use(taken.get(0), 0);
        f.device.use(taken.get(1), 0);
        f.queue.suspend();
        resume(f);
        assertThat(f.queue.poll(f, 1)).isEqualTo(1);
        assertThat(f.queue.poll(f, 1)).isEqualTo(1);
        assertThat(f.queue.poll(f, 1)).isZero();
        f.device = RingDevice.of(f.queue, f.ring);
        assertThat(f.device.take()).hasSize(1);
    }

    @Test
    void anOwnerSleepsWithoutADeviceUntilItIsWokenOrCanGoOn() throws InterruptedException {
        QueueFixture f = new QueueFixture(RingFormat.plain(false), SIZE);
        f.queue.suspend();
        assertThat(f.queue.await(0)).as("the suspension itself wakes the owner").isTrue();
        assertThat(f.queue.await(TimeUnit.MILLISECONDS.toNanos(1))).isFalse();
        f.queue.wakeup();
        assertThat(f.queue.await(Long.MAX_VALUE)).isTrue();
        Thread.currentThread().interrupt();
        assertThat(f.queue.await(TimeUnit.MILLISECONDS.toNanos(1))).isFalse();
        assertThat(Thread.interrupted()).as("still interrupted").isTrue();
        CountDownLatch asleep = new CountDownLatch(1);
        Thread owner = Thread.currentThread();
        Thread other = new Thread(() -> {
            asleep.countDown();
            while (owner.getState() != Thread.State.TIMED_WAITING) {
                Thread.onSpinWait();
            }
            resume(f);
        });
        other.start();
        asleep.await();
        assertThat(f.queue.await(TimeUnit.MINUTES.toNanos(1))).isTrue();
        other.join();
        f.queue.suspend();
        f.queue.breakQueue("broken meanwhile");
        assertThat(f.queue.await(Long.MAX_VALUE)).isTrue();
        assertThat(f.poll()).isEqualTo(QueueResult.BROKEN);
    }
}
