// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.queue.QueueDTO;
import org.virtio.queue.Virtqueue;
import org.virtio.spec.Feature;
import org.virtio.transport.OwnedVirtqueue;

/** Queues that a transport supplies, queues that a driver breaks all at once, and what notifications tell. */
class QueueVarietyTest extends DeviceFixture {
    /** A queue that is no ring: as much of one as the core needs. */
    private static final class Supplied {
        final List<String> breaks = new ArrayList<>();
        Thread owner;

        OwnedVirtqueue queue() {
            return (OwnedVirtqueue) Proxy.newProxyInstance(Supplied.class.getClassLoader(), new Class<?>[] {OwnedVirtqueue.class},
                (self, method, arguments) -> switch (method.getName()) {
                    case "index" -> 0;
                    case "size" -> 4;
                    case "owner" -> {
                        if (arguments != null) {
                            owner = (Thread) arguments[0];
                        }
                        yield owner;
                    }
                    case "isBroken" -> !breaks.isEmpty();
                    case "unbreak" -> breaks.remove("for a while");
                    case "breakQueue", "breakForGood" -> breaks.add((String) arguments[0]);
                    case "dump" -> dump();
                    case "equals" -> self == arguments[0];
                    case "hashCode" -> 1;
                    default -> throw new UnsupportedOperationException(method.toString());
                });
        }

        private static QueueDTO dump() {
            QueueDTO dto = new QueueDTO();
            dto.format = "messages";
            return dto;
        }
    }

    @Test
    void aTransportMaySupplyAQueueOfItsOwn() throws VirtioException {
        Supplied supplied = new Supplied();
        OwnedVirtqueue own = supplied.queue();
        transport.supplied = index -> index == 0 ? own : null;
        transport.features = FeatureSet.of(Feature.VERSION_1, Feature.RING_RESET);
        started();
        assertThat(transport.calls).contains("setUpQueue 1", "setUpQueue 2", "setUpQueue 3").doesNotContain("setUpQueue 0");
        Virtqueue queue = device.acquireQueue(0);
        assertThat(queue).isSameAs(own);
        assertThat(supplied.owner).isSameAs(Thread.currentThread());
        assertThatIllegalStateException().isThrownBy(() -> device.acquireQueue(0));
        assertThat(device.dump().queues).extracting(dto -> dto.format).containsExactly("messages", "split", "split", "split");
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> device.resetQueue(queue, null, null))
            .withMessageContaining("no ring");
        assertThat(supplied.breaks).isEmpty();
        device.breakQueues("for a while");
        assertThat(device.unbreakQueues()).isTrue();
        device.releaseQueue(queue);
        assertThat(supplied.owner).isNull();
        device.stop();
        assertThat(supplied.breaks).containsExactly("device disk0 was stopped");
        assertThat(device.memory().allocated()).isZero();
    }

    @Test
    void aDriverBreaksAllQueuesAndMendsThemAgain() throws VirtioException {
        started();
        Virtqueue queue = device.acquireQueue(2);
        device.breakQueues("maintenance");
        assertThat(device.dump().queues).hasSize(4).allMatch(dto -> dto.brokenReason.equals("maintenance"));
        assertThat(device.unbreakQueues()).isTrue();
        assertThat(device.dump().queues).allMatch(dto -> dto.brokenReason == null);
        ((OwnedVirtqueue) queue).breakForGood("the device lied");
        device.breakQueues("maintenance");
        assertThat(device.unbreakQueues()).isFalse();
        assertThat(device.dump().queues).extracting(dto -> dto.brokenReason).containsExactly(null, null, "the device lied", null);
    }

    @Test
    void queuesOfADeviceThatIsNotStartedNeedNoBreaking() throws VirtioException {
        open();
        device.breakQueues("nothing");
        assertThat(device.unbreakQueues()).isTrue();
    }

    private void notify(Virtqueue queue) {
        queue.begin("t", 1);
        queue.addReadable(device.memory().allocate(8), 0, 8);
        assertThat(queue.flush()).isTrue();
    }

    @Test
    void notificationsOfASplitQueueTellItsIndexAndTheAvailableIndex() throws VirtioException {
        transport.features = FeatureSet.of(Feature.VERSION_1, Feature.NOTIFICATION_DATA);
        started();
        Virtqueue queue = device.acquireQueue(2);
        notify(queue);
        notify(queue);
        assertThat(transport.notifiers.get(2).notifications).containsExactly(2 | 1 << 16, 2 | 2 << 16);
        assertThat(device.negotiatedFeatures().contains(Feature.NOTIFICATION_DATA)).isTrue();
    }

    @Test
    void notificationsOfAPackedQueueTellItsIndexOffsetAndWrapCounter() throws VirtioException {
        transport.features = FeatureSet.of(Feature.VERSION_1, Feature.NOTIFICATION_DATA, Feature.RING_PACKED);
        transport.queueSize(3, 3);
        started();
        Virtqueue queue = device.acquireQueue(3);
        notify(queue);
        notify(queue);
        notify(queue);
        assertThat(transport.notifiers.get(3).notifications).containsExactly(3 | 0x8001 << 16, 3 | 0x8002 << 16, 3);
    }
}
