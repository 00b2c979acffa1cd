// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.virtio.core.queue.QueueFixture.Used;
import org.virtio.core.queue.RingDevice.Chain;
import org.virtio.queue.QueueResult;

/** Each lie that a device can tell breaks the queue with a reason, and nothing is handed over that is not so. */
@ParameterizedClass
@MethodSource("org.virtio.core.queue.RingCase#all")
class HostileDeviceTest {
    private static final int SIZE = 8;

    @Parameter
    RingCase ringCase;

    private QueueFixture f;
    private List<Chain> chains;

    @BeforeEach
    void twoRequestsInFlight() {
        f = new QueueFixture(ringCase.format(), SIZE);
        f.request("a", 1, -100);
        f.request("b", 1, -100);
        f.queue.flush();
        chains = f.device.take();
    }

    private SplitDevice split() {
        assumeThat(ringCase.packed()).isFalse();
        return (SplitDevice) f.device;
    }

    private void assertBroken(String reason) {
        assertThat(f.poll()).isEqualTo(QueueResult.BROKEN);
        assertThat(f.queue.isBroken()).isTrue();
        assertThat(f.queue.brokenReason()).contains(reason);
        assertThat(f.queue.unbreak()).as("what the device did cannot be undone").isFalse();
        assertThat(f.used).isEmpty();
        assertThat(f.queue.begin("c", 1)).isEqualTo(QueueResult.BROKEN);
        assertThat(f.queue.flush()).isFalse();
        assertThat(f.queue.detach(f)).isEqualTo(2);
        assertThat(f.used).containsExactly(new Used("a", 0), new Used("b", 0));
        assertThat(f.queue.detach(f)).isZero();
        assertThat(f.queue.inFlight()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 255, 32768, 65535})
    void anIdOutOfRange(int id) {
        f.device.claim(id, 0);
        assertBroken("id " + id);
    }

    @ParameterizedTest
    @ValueSource(ints = {65536, Integer.MAX_VALUE, -1, Integer.MIN_VALUE})
    void anIdBeyondSixteenBits(int id) {
        split().claim(id, 0);
        assertBroken("id " + Integer.toUnsignedString(id));
    }

    @Test
    void anIdThatIsNotInFlight() {
        for (int id = 0; id < SIZE; id++) {
            int candidate = id;
            if (chains.stream().noneMatch(chain -> chain.id() == candidate)) {
                f.device.claim(id, 0);
                assertBroken(ringCase.inOrder() && !ringCase.packed() ? "id " + id + " is the head of none"
                    : "id " + id + " is not in flight");
                twoRequestsInFlight();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {101, Integer.MAX_VALUE, -1})
    void moreWrittenThanWasWritable(int written) {
        f.device.use(chains.get(0), written);
        assertBroken("100 device-writable bytes");
    }

    @ParameterizedTest
    @ValueSource(ints = {101, -1})
    void moreWrittenThanWasWritableAtTheEndOfABatch(int written) {
        assumeThat(ringCase.inOrder()).isTrue();
        f.device.useBatch(chains, written);
        assertBroken("100 device-writable bytes");
    }

    /** Section 2.8.4: the length is reserved then; but QEMU, for one, writes it and does not set the flag. */
    @Test
    void aLengthWithoutTheWriteFlagIsBelievedWhereItCanBe() {
        assumeThat(ringCase.packed()).isTrue();
        ((PackedDevice) f.device).setsWriteFlag = false;
        f.device.use(chains.get(0), 100);
        f.device.use(chains.get(1), 101);
        assertThat(f.poll()).isEqualTo(2);
        assertThat(f.used).containsExactly(new Used("a", 100), new Used("b", 0));
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 100, 40000, 65535})
    void aUsedIndexThatRanAhead(int index) {
        split().putElement(0, 0);
        split().publish(index);
        assertBroken("ahead");
    }

    /** What it had used it cannot take back, be it handed over already or not. */
    @Test
    void aUsedIndexThatGoesBack() {
        SplitDevice device = split();
        if (ringCase.inOrder()) {
            device.useBatch(chains, 0);
        } else {
            chains.forEach(chain -> device.use(chain, 0));
        }
        assertThat(f.queue.poll(f, 1)).isEqualTo(1);
        device.publish(1);
        assertThat(f.queue.enableNotificationsDelayed()).isFalse();
        assertThat(f.queue.brokenReason()).contains("went back");
        assertThat(f.queue.detach(f)).isEqualTo(1);
        assertThat(f.used).containsExactly(new Used("a", ringCase.inOrder() ? 100 : 0), new Used("b", 0));
    }

    @Test
    void anIdTwice() {
        f.device.use(chains.get(0), 1);
        f.device.use(chains.get(0), 1);
        assertThat(f.poll()).isEqualTo(1);
        assertThat(f.poll()).isEqualTo(QueueResult.BROKEN);
        assertThat(f.queue.detach(f)).isEqualTo(1);
        assertThat(f.used).containsExactly(new Used("a", 1), new Used("b", 0));
    }

    @Test
    void aRequestThatIsNotPublishedYet() {
        assertThat(f.request("c", 1)).isEqualTo(QueueResult.OK);
        assertThat(f.queue.begin("d", 1)).isEqualTo(QueueResult.OK);
        QueueFixture twin = new QueueFixture(ringCase.format(), SIZE);
        twin.request("a", 1, -100);
        twin.request("b", 1, -100);
        twin.request("c", 1);
        twin.queue.flush();
        f.device.claim(twin.device.take().get(2).id(), 0);
        assertThat(f.poll()).isEqualTo(QueueResult.BROKEN);
        assertThat(f.queue.brokenReason()).contains(ringCase.inOrder() && !ringCase.packed() ? "head of none"
            : "not been made available");
        f.queue.detach(f);
        assertThat(f.used).containsExactly(new Used("a", 0), new Used("b", 0), new Used("c", 0));
    }

    @Test
    void whatTheDeviceFindsFalseIsSaidByIsUsedToo() {
        split().publish(40000);
        assertThat(f.queue.isUsed(f.queue.prepareNotifications())).isTrue();
        assertThat(f.queue.isBroken()).isTrue();
    }

    @Test
    void descriptorsThatTheDeviceOverwroteAreNotReadBack() {
        ByteBuffer ring = f.device.memory();
        if (ringCase.packed()) {
            ring.putLong(0, -1L);
            ring.putInt(16, -1);
        } else {
            for (int i = 0; i < 16 * SIZE; i++) {
                ring.put(i, (byte) 0xff);
            }
        }
        f.device.use(chains.get(0), 0);
        f.device.use(chains.get(1), 0);
        assertThat(f.poll()).isEqualTo(2);
        assertThat(f.used).containsExactly(new Used("a", 0), new Used("b", 0));
        assertThat(f.request("c", 1, 1, 1, 1, 1, 1, 1, 1)).isEqualTo(QueueResult.OK);
        f.queue.flush();
        assertThat(f.queue.freeDescriptors()).isEqualTo(ringCase.indirect() ? SIZE - 1 : 0);
    }

    @Test
    void otherQueuesGoOn() {
        QueueFixture other = new QueueFixture(ringCase.format(), SIZE);
        other.request("o", 1);
        other.queue.flush();
        f.device.claim(7, 0);
        assertThat(f.poll()).isEqualTo(QueueResult.BROKEN);
        other.useAll();
        assertThat(other.poll()).isEqualTo(1);
    }
}
