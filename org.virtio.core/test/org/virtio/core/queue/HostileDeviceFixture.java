// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.Parameter;
import org.virtio.core.queue.QueueFixture.Used;
import org.virtio.core.queue.RingDevice.Chain;
import org.virtio.queue.QueueResult;

/** Two requests that a device has, and the check that what it says of them breaks the queue. */
abstract class HostileDeviceFixture {
    static final int SIZE = 8;

    @Parameter
    RingCase ringCase;

    QueueFixture f;
    List<Chain> chains;

    @BeforeEach
    void twoRequestsInFlight() {
        f = new QueueFixture(ringCase.format(), SIZE);
        f.request("a", 1, -100);
        f.request("b", 1, -100);
        f.queue.flush();
        chains = f.device.take();
    }

    void assertBroken(String reason) {
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
}
