// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.virtio.core.queue.QueueFixture.Used;
import org.virtio.queue.QueueResult;

/** Each lie that a device can tell breaks the queue with a reason, and nothing is handed over that is not so. */
@ParameterizedClass
@MethodSource("org.virtio.core.queue.RingCase#all")
class HostileDeviceTest extends HostileDeviceFixture {
    @ParameterizedTest
    @ValueSource(ints = {8, 255, 32768, 65535})
    void anIdOutOfRange(int id) {
        f.device.claim(id, 0);
        assertBroken("id " + id);
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
