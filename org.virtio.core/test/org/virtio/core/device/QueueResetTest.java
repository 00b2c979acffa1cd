// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueResult;
import org.virtio.queue.Virtqueue;
import org.virtio.spec.Feature;
import org.virtio.spec.SplitRingLayout;

/** One queue is reset or gets another size while the others work on; and whatever of that fails. */
class QueueResetTest extends DeviceFixture {
    private final List<Object> used = new ArrayList<>();
    private final List<Object> unused = new ArrayList<>();
    private FeatureSet offered = FeatureSet.of(Feature.VERSION_1, Feature.RING_RESET);
    private Virtqueue queue;
    private DmaBuffer data;
    private long allocated;

    private void startedWith(String options) throws VirtioException {
        transport.features = offered;
        open(options);
        device.negotiate(DRIVER);
        device.start(4, 1);
        data = device.memory().allocate(4096);
        queue = device.acquireQueue(1);
        for (String token : List.of("a", "b", "c")) {
            request(token);
        }
        queue.flush();
        request("open");
        allocated = device.memory().allocated();
        transport.calls.clear();
    }

    private void request(Object token) {
        assertThat(queue.begin(token, 1)).isEqualTo(QueueResult.OK);
        queue.addWritable(data, 0, 8);
    }

    /** The device uses the request with that head. */
    private void use(int head) {
        var setup = transport.setup(1);
        ByteBuffer ring = transport.at(setup.deviceArea());
        int index = ring.getShort(SplitRingLayout.USED_IDX);
        ring.putInt(SplitRingLayout.USED_RING + SplitRingLayout.USED_ELEMENT_SIZE * (index & setup.size() - 1), head);
        ring.putShort(SplitRingLayout.USED_IDX, (short) (index + 1));
    }

    private void reset() throws VirtioException {
        device.resetQueue(queue, (token, written) -> used.add(token), (token, written) -> unused.add(token));
    }

    private void resize(int size) throws VirtioException {
        device.resizeQueue(queue, size, (token, written) -> used.add(token), (token, written) -> unused.add(token));
    }

    private void assertWorks() {
        assertThat(queue.isBroken()).isFalse();
        assertThat(queue.inFlight()).isZero();
        request("next");
        assertThat(queue.flush()).isTrue();
        use(0);
        List<Object> tokens = new ArrayList<>();
        assertThat(queue.poll((token, written) -> tokens.add(token), 9)).isEqualTo(1);
        assertThat(tokens).containsExactly("next");
        assertThat(device.memory().allocated()).isEqualTo(allocated);
    }

    /** Until the device is reset, since it may still write there. */
    private void assertTheOldRingIsKept() {
        long now = device.memory().allocated();
        assertThat(now).isGreaterThan(allocated);
        allocated = now;
    }

    private void assertNothingIsLeftAfterAStop() {
        data.close();
        device.stop();
        assertThat(device.memory().allocated()).isZero();
    }

    private void assertNothingChanged() {
        assertThat(transport.calls).doesNotContain("resetQueue 1", "setUpQueue 1");
        assertThat(used).isEmpty();
        assertThat(unused).isEmpty();
        assertThat(queue.isBroken()).isFalse();
        assertThat(queue.inFlight()).isEqualTo(4);
        assertThat(device.memory().allocated()).isEqualTo(allocated);
        use(0);
        assertThat(queue.poll((token, written) -> used.add(token), 9)).isEqualTo(1);
        assertThat(used).containsExactly("a");
    }

    private void assertBrokenForGood(String reason) {
        assertThat(queue.isBroken()).isTrue();
        assertThat(queue.brokenReason()).contains(reason);
        assertThat(queue.unbreak()).isFalse();
        assertThat(device.unbreakQueues()).isFalse();
        assertThat(device.memory().allocated()).isEqualTo(allocated);
        queue.detach((token, written) -> unused.add(token));
        assertThat(used.size() + unused.size()).as("each request once").isEqualTo(4);
        data.close();
        device.stop();
        assertThat(device.memory().allocated()).as("nothing is left after the device's reset").isZero();
    }

    @Test
    void aResetHandsOverWhatIsUsedGivesBackTheRestAndBeginsAnew() throws VirtioException {
        startedWith("");
        use(1);
        reset();
        assertThat(transport.calls).containsExactly("queueSize 1", "resetQueue 1", "setUpQueue 1");
        assertThat(used).containsExactly("b");
        assertThat(unused).containsExactly("a", "c", "open");
        assertTheOldRingIsKept();
        assertWorks();
        assertThat(device.dump().queues.get(1).breaks).isZero();
        assertNothingIsLeftAfterAStop();
    }

    @Test
    void aQueueThatLiedGivesAllBackAndWorksAgain() throws VirtioException {
        startedWith("");
        use(99);
        assertThat(queue.poll((token, written) -> used.add(token), 9)).isEqualTo(QueueResult.BROKEN);
        reset();
        assertThat(used).isEmpty();
        assertThat(unused).containsExactly("a", "b", "c", "open");
        assertTheOldRingIsKept();
        assertWorks();
        assertNothingIsLeftAfterAStop();
    }

    @Test
    void resetsTakeNoMemoryForGoodAndNobodyElses() throws VirtioException {
        startedWith("");
        for (int i = 0; i < 3; i++) {
            use(i);
        }
        queue.abort();
        reset();
        assertThat(used).containsExactly("a", "b", "c");
        assertThat(unused).isEmpty();
        assertThat(device.memory().allocated()).isEqualTo(allocated);
        long capacity = device.memory().capacity();
        for (int i = 0; i < 1000; i++) {
            DmaBuffer buffer = device.memory().allocate(1 << 20);
            transport.duringReset = buffer::close;
            reset();
        }
        assertThat(device.memory().allocated()).isEqualTo(allocated);
        assertThat(device.memory().capacity()).as("nothing is put away").isEqualTo(capacity);
        assertWorks();
    }

    @Test
    void otherQueuesWorkOn() throws VirtioException {
        startedWith("");
        Virtqueue other = device.acquireQueue(0);
        reset();
        assertThat(other.begin("o", 1)).isEqualTo(QueueResult.OK);
        assertThat(other.isBroken()).isFalse();
    }

    @Test
    void aQueueGetsAnotherSizeAndTheOldRingIsFreedAfterTheResetOnly() throws VirtioException {
        startedWith("?size=64");
        List<Long> during = new ArrayList<>();
        transport.duringReset = () -> during.add(device.memory().allocated());
        resize(512);
        assertThat(during).hasSize(1).allSatisfy(bytes -> assertThat(bytes).isGreaterThan(allocated));
        assertThat(queue.size()).isEqualTo(512);
        assertThat(transport.setup(1).size()).isEqualTo(512);
        assertThat(unused).containsExactly("a", "b", "c", "open");
        long grown = device.memory().allocated();
        assertThat(grown).isEqualTo(during.get(0));
        allocated = grown;
        assertWorks();
        device.stop();
        data.close();
        assertThat(device.memory().allocated()).isZero();
    }

    @Test
    void aPackedQueueGetsAnySize() throws VirtioException {
        transport.features = FeatureSet.of(Feature.VERSION_1, Feature.RING_RESET, Feature.RING_PACKED);
        open("");
        device.negotiate(DRIVER);
        device.start(1, 1);
        queue = device.acquireQueue(0);
        resize(77);
        assertThat(queue.size()).isEqualTo(77);
        assertThat(queue.dump().format).isEqualTo("packed");
        assertThat(queue.begin("t", 77)).isEqualTo(QueueResult.OK);
    }

    @Test
    void withoutRingResetNothingChanges() throws VirtioException {
        offered = FeatureSet.of(Feature.VERSION_1);
        startedWith("");
        assertThatExceptionOfType(VirtioException.class).isThrownBy(this::reset).withMessageContaining("RING_RESET");
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> resize(64)).withMessageContaining("RING_RESET");
        assertNothingChanged();
    }

    @Test
    void aSizeThatCannotBeIsRefusedAndNothingChanges() throws VirtioException {
        startedWith("");
        for (int size : new int[] {0, -1, 3, 2048, 65536}) {
            assertThatIllegalArgumentException().isThrownBy(() -> resize(size)).withMessageContaining(Integer.toString(size));
        }
        assertNothingChanged();
    }

    @Test
    void withoutMemoryForItNothingChanges() throws VirtioException {
        transport.queueSize(1, 32768);
        transport.maxRegions = 1;
        startedWith("?memory=1&size=64");
        DmaBuffer filler = device.memory().allocate(500_000);
        allocated = device.memory().allocated();
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> resize(32768)).withMessageContaining("no memory");
        assertNothingChanged();
        filler.close();
    }

    @Test
    void aDeviceThatDoesNotResetTheQueueLeavesItBroken() throws VirtioException {
        startedWith("");
        use(0);
        transport.failReset = count -> true;
        assertThatExceptionOfType(VirtioException.class).isThrownBy(this::reset).withMessageContaining("does not reset");
        assertThat(used).as("the device may still be at it").isEmpty();
        assertThat(transport.calls).doesNotContain("setUpQueue 1");
        assertBrokenForGood("queue 1 does not reset");
    }

    @Test
    void aResizeThatTheDeviceDoesNotResetForLeavesTheQueueBrokenAndTheNewRingIsGone() throws VirtioException {
        startedWith("");
        transport.failReset = count -> true;
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> resize(64)).withMessageContaining("does not reset");
        assertBrokenForGood("queue 1 does not reset");
    }

    @Test
    void aDeviceThatDoesNotTakeTheRingAgainLeavesTheQueueBroken() throws VirtioException {
        startedWith("");
        transport.failSetUpOf = 1;
        assertThatExceptionOfType(VirtioException.class).isThrownBy(this::reset).withMessageContaining("refused");
        assertThat(unused).containsExactly("a", "b", "c", "open");
        assertBrokenForGood("refused");
    }

    @Test
    void aDeviceThatDoesNotTakeTheNewSizeGetsTheOldRingAgain() throws VirtioException {
        startedWith("");
        transport.failSetUpOfSize = 64;
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> resize(64))
            .withMessageContaining("keeps its 512").withMessageContaining("refused");
        assertThat(transport.calls)
            .containsExactly("queueSize 1", "resetQueue 1", "setUpQueue 1", "resetQueue 1", "setUpQueue 1");
        assertThat(queue.size()).isEqualTo(512);
        assertThat(transport.setup(1).size()).isEqualTo(512);
        assertThat(unused).containsExactly("a", "b", "c", "open");
        assertWorks();
    }

    @Test
    void aDeviceThatTakesNeitherLeavesTheQueueBrokenAndSaysBoth() throws VirtioException {
        startedWith("");
        transport.failSetUpOfSize = 64;
        transport.failReset = count -> count > 0;
        assertThatExceptionOfType(VirtioException.class).isThrownBy(() -> resize(64))
            .withMessageContaining("refused").withMessageContaining("does not reset");
        assertThat(queue.brokenReason()).contains("refused");
        assertBrokenForGood("does not reset");
    }

    @Test
    void aHandlerThatThrowsLeavesTheQueueBrokenAndTheRestToDetach() throws VirtioException {
        startedWith("");
        assertThatIllegalStateException().isThrownBy(() -> device.resizeQueue(queue, 64, (token, written) -> used.add(token),
            (token, written) -> {
                unused.add(token);
                throw new IllegalStateException("handler");
            })).withMessage("handler");
        assertThat(unused).containsExactly("a");
        assertBrokenForGood("handler");
    }

    @Test
    void aQueueOfAnEarlierStartIsRefused() throws VirtioException {
        startedWith("");
        Virtqueue stale = queue;
        device.stop();
        assertThatIllegalStateException().isThrownBy(this::reset).withMessageContaining("not started");
        device.negotiate(DRIVER);
        device.start(4, 1);
        assertThatIllegalStateException().isThrownBy(() -> device.resetQueue(stale, null, null))
            .withMessageContaining("not of this start");
    }
}
