// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.virtio.core.queue.QueueFixture.Used;
import org.virtio.queue.QueueResult;
import org.virtio.spec.SplitRingLayout;

class SplitHostileDeviceTest {
    private final QueueFixture f = new QueueFixture(8, false);

    @BeforeEach
    void twoRequestsInFlight() {
        f.request("a", 1, -100);
        f.request("b", 1, -100);
        f.queue.flush();
    }

    private void assertBroken(String reason) {
        assertThat(f.poll()).isEqualTo(QueueResult.BROKEN);
        assertThat(f.queue.isBroken()).isTrue();
        assertThat(f.queue.brokenReason()).contains(reason);
        assertThat(f.used).isEmpty();
        assertThat(f.queue.begin("c", 1)).isEqualTo(QueueResult.BROKEN);
        assertThat(f.queue.flush()).isFalse();
        assertThat(f.queue.detach(f)).isEqualTo(2);
        assertThat(f.used).containsExactly(new Used("a", 0), new Used("b", 0));
        assertThat(f.queue.detach(f)).isZero();
        assertThat(f.queue.inFlight()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 65536, Integer.MAX_VALUE, -1, Integer.MIN_VALUE})
    void anIdOutOfRange(int id) {
        f.device.use(id, 0);
        assertBroken("id " + Integer.toUnsignedString(id));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 7})
    void anIdThatHeadsNoChainInFlight(int id) {
        f.device.use(id, 0);
        assertBroken("not in flight");
    }

    @ParameterizedTest
    @ValueSource(ints = {101, Integer.MAX_VALUE, -1})
    void moreWrittenThanWasWritable(int written) {
        f.device.use(0, written);
        assertBroken("100 device-writable bytes");
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 100, 40000, 65535})
    void aUsedIndexThatRanAhead(int index) {
        f.device.putElement(0, 0);
        f.device.publish(index);
        assertBroken("ahead");
    }

    @Test
    void anIdTwice() {
        f.device.use(0, 1);
        f.device.use(0, 1);
        assertThat(f.poll()).isEqualTo(1);
        assertThat(f.poll()).isEqualTo(QueueResult.BROKEN);
        assertThat(f.queue.detach(f)).isEqualTo(1);
        assertThat(f.used).containsExactly(new Used("a", 1), new Used("b", 0));
    }

    @Test
    void aRequestThatIsNotFlushedYet() {
        f.request("c", 1);
        assertThat(f.queue.begin("d", 1)).isEqualTo(QueueResult.OK);
        f.device.use(4, 0);
        assertThat(f.poll()).isEqualTo(QueueResult.BROKEN);
        assertThat(f.queue.brokenReason()).contains("not been made available");
        f.queue.detach(f);
        assertThat(f.used).containsExactly(new Used("a", 0), new Used("b", 0), new Used("c", 0));
    }

    @Test
    void descriptorsThatTheDeviceOverwroteAreNotReadBack() {
        ByteBuffer ring = ringOf(f);
        for (int i = 0; i < SplitRingLayout.descriptorTableSize(8); i++) {
            ring.put(i, (byte) 0xff);
        }
        f.device.use(2, 0);
        f.device.use(0, 0);
        assertThat(f.poll()).isEqualTo(2);
        assertThat(f.used).containsExactly(new Used("b", 0), new Used("a", 0));
        assertThat(f.request("c", 1, 1, 1, 1, 1, 1, 1, 1)).isEqualTo(QueueResult.OK);
        f.queue.flush();
        assertThat(f.queue.freeDescriptors()).isZero();
    }

    /** Whatever the device writes into the ring, each request ends exactly once and nothing is thrown. */
    @Property(tries = 2000)
    void anyBytesInTheRing(@ForAll @IntRange(min = 0, max = 3) int where, @ForAll long seed) {
        QueueFixture fixture = new QueueFixture(4, (seed & 1) == 0);
        Random random = new Random(seed);
        ByteBuffer ring = ringOf(fixture);
        int[] ends = new int[200];
        int begun = 0;
        while (begun < ends.length && !fixture.queue.isBroken()) {
            if (fixture.request(begun, 1, -8) == QueueResult.OK) {
                begun++;
            }
            fixture.queue.flush();
            if (where == 0) {
                ring.put(random.nextInt(ring.capacity()), (byte) random.nextInt());
            } else {
                fixture.device.use(random.nextInt(4 + where) - where / 3, random.nextInt(9 + where));
            }
            fixture.queue.poll(fixture, 8);
        }
        fixture.queue.breakQueue("the end");
        fixture.queue.detach(fixture);
        for (Used used : fixture.used) {
            ends[(Integer) used.token()]++;
            assertThat(used.written()).isBetween(0, 8);
        }
        assertThat(Arrays.stream(ends, 0, begun)).as("seed %s", seed).containsOnly(1);
        assertThat(fixture.used).hasSize(begun);
    }

    private static ByteBuffer ringOf(QueueFixture fixture) {
        return fixture.device.memory();
    }

    @Test
    void otherQueuesGoOn() {
        QueueFixture other = new QueueFixture(8, false);
        other.request("o", 1);
        other.queue.flush();
        f.device.use(7, 0);
        assertThat(f.poll()).isEqualTo(QueueResult.BROKEN);
        List<SplitDevice.Chain> chains = other.device.take();
        other.device.use(chains.get(0).head(), 0);
        assertThat(other.poll()).isEqualTo(1);
    }
}
