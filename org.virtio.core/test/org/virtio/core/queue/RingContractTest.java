// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import org.virtio.core.queue.QueueFixture.Used;
import org.virtio.core.queue.RingDevice.Chain;
import org.virtio.core.queue.RingDevice.Descriptor;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueDTO;
import org.virtio.queue.QueueResult;

/** How requests are built and come back, for every format. */
@ParameterizedClass
@MethodSource("org.virtio.core.queue.RingCase#all")
class RingContractTest {
    private static final int SIZE = 8;

    @Parameter
    RingCase ringCase;

    private QueueFixture f;

    @BeforeEach
    void newQueue() {
        f = new QueueFixture(ringCase.format(), SIZE);
    }

    /** Descriptors of the ring that a request takes. */
    private int cost(int descriptors) {
        return ringCase.indirect() ? 1 : descriptors;
    }

    @Test
    void theDeviceFindsAChainAsItWasBuilt() {
        f.queue.begin("r", 3);
        f.queue.addReadable(f.data, 16, 100);
        f.queue.addWritable(f.data, 4096, 512);
        f.queue.addWritable(f.data, 9000, 1);
        f.queue.flush();
        List<Chain> chains = f.device.take();
        assertThat(chains).hasSize(1);
        assertThat(chains.get(0).ringSize()).isEqualTo(cost(3));
        assertThat(chains.get(0).descriptors()).containsExactly(
            new Descriptor(QueueFixture.DATA_ADDRESS + 16, 100, false),
            new Descriptor(QueueFixture.DATA_ADDRESS + 4096, 512, true),
            new Descriptor(QueueFixture.DATA_ADDRESS + 9000, 1, true));
    }

    @Test
    void nothingIsVisibleBeforeItIsPublishedAndAllOfABatchAfterIt() {
        f.request("a", 1);
        f.request("b", 1, -1);
        f.request("c", -1);
        assertThat(f.device.take()).isEmpty();
        assertThat(f.queue.freeDescriptors()).isEqualTo(SIZE - 1 - cost(2));
        assertThat(f.queue.flush()).isTrue();
        assertThat(f.device.take()).extracting(chain -> chain.descriptors().size()).containsExactly(1, 2, 1);
        assertThat(f.notifications).isEqualTo(1);
        assertThat(f.queue.flush()).isFalse();
        assertThat(f.queue.publish()).isFalse();
        assertThat(f.notifications).isEqualTo(1);
    }

    @Test
    void usedBuffersComeBackWithTokenContextAndLengthInTheDevicesOrder() {
        f.request("a", 10, -20);
        f.request("b", 10, -20);
        f.queue.flush();
        List<Chain> chains = f.device.take();
        int first = ringCase.inOrder() ? 0 : 1;
        f.device.use(chains.get(first), 7);
        f.device.use(chains.get(1 - first), 20);
        assertThat(f.queue.poll(f, 1)).isEqualTo(1);
        assertThat(f.poll()).isEqualTo(1);
        assertThat(f.used).containsExactly(new Used(first == 0 ? "a" : "b", 7), new Used(first == 0 ? "b" : "a", 20));
        assertThat(f.queue.freeDescriptors()).isEqualTo(SIZE);
        assertThat(f.queue.inFlight()).isZero();
        assertThat(f.poll()).isZero();
    }

    @Test
    void aContextOfAnyValueComesBackWithItsToken() {
        for (long context : new long[] {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 0x1234_5678_9abc_def0L}) {
            f.queue.begin("t", context, 1);
            f.queue.addReadable(f.data, 0, 1);
            f.queue.flush();
            f.useAll();
            long[] seen = new long[1];
            assertThat(f.queue.poll(new UsedContext(seen), 1)).isEqualTo(1);
            assertThat(seen[0]).isEqualTo(context);
        }
    }

    private record UsedContext(long[] seen) implements org.virtio.queue.UsedBufferHandler {
        @Override
        public void used(Object token, int written) {
            throw new AssertionError("without context");
        }

        @Override
        public void used(Object token, long context, int written) {
            seen[0] = context;
        }
    }

    @Test
    void aRequestMayHaveAsManyDescriptorsAsTheQueue() {
        for (int round = 0; round < 3; round++) {
            assertThat(f.chain("all " + round, SIZE - 1)).isEqualTo(QueueResult.OK);
            f.queue.flush();
            assertThat(f.queue.freeDescriptors()).isEqualTo(SIZE - cost(SIZE));
            f.useAll();
            assertThat(f.poll()).isEqualTo(1);
            f.request("one", 1);
            f.queue.flush();
            f.useAll();
            assertThat(f.poll()).isEqualTo(1);
        }
    }

    @Test
    void moreDescriptorsThanTheQueueIsInvalidAndMoreThanAreFreeIsFull() {
        assertThat(f.queue.begin("x", SIZE + 1)).isEqualTo(QueueResult.INVALID);
        assertThat(f.queue.begin("x", 0)).isEqualTo(QueueResult.INVALID);
        assertThat(f.queue.begin("x", -1)).isEqualTo(QueueResult.INVALID);
        for (int i = 0; i < SIZE - 1; i++) {
            assertThat(f.request(i, 1)).isEqualTo(QueueResult.OK);
        }
        assertThat(f.queue.begin("two", 2)).isEqualTo(ringCase.indirect() ? QueueResult.OK : QueueResult.FULL);
        assertThat(f.request("last", 1)).isEqualTo(QueueResult.OK);
        assertThat(f.queue.begin("more", 1)).isEqualTo(QueueResult.FULL);
        f.queue.flush();
        assertThat(f.device.take()).hasSize(SIZE);
        assertThat(f.queue.dump().full).isEqualTo(ringCase.indirect() ? 1 : 2);
    }

    @Test
    void aDescriptorThatWasBoundButNotUsedStaysFree() {
        f.queue.begin("a", SIZE);
        f.queue.addReadable(f.data, 0, 1);
        assertThat(f.chain("b", SIZE - 2)).isEqualTo(QueueResult.OK);
    }

    @Test
    void abortTakesTheRequestUnderConstructionBack() {
        f.request("a", 1);
        f.request("b", 1, 1, -1);
        assertThat(f.queue.inFlight()).isEqualTo(2);
        f.queue.abort();
        assertThat(f.queue.inFlight()).isEqualTo(1);
        assertThat(f.queue.freeDescriptors()).isEqualTo(SIZE - 1);
        f.request("c", 2);
        f.queue.flush();
        f.queue.abort();
        assertThat(f.device.take()).hasSize(2).allSatisfy(chain -> f.device.use(chain, 0));
        f.poll();
        assertThat(f.used).containsExactly(new Used("a", 0), new Used("c", 0));
        assertThat(f.queue.freeDescriptors()).isEqualTo(SIZE);
    }

    @Test
    void anEmptyRequestIsForgotten() {
        f.queue.begin("a", 2);
        assertThat(f.queue.inFlight()).isEqualTo(1);
        f.queue.begin("b", 2);
        assertThat(f.queue.flush()).isFalse();
        assertThat(f.device.take()).isEmpty();
        assertThat(f.queue.inFlight()).isZero();
        assertThat(f.queue.freeDescriptors()).isEqualTo(SIZE);
    }

    @Test
    void misuseIsRefused() {
        assertThatThrownBy(() -> f.queue.begin(null, 1)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> f.queue.addReadable(f.data, 0, 1)).isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("no request");
        assertThatThrownBy(() -> f.queue.addWritable(f.data, 0, 1)).isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("no request");
        assertThatThrownBy(() -> f.queue.preferIndirect()).isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("no request");
        f.queue.begin("a", 2);
        assertThatThrownBy(() -> f.queue.addReadable(f.data, 0, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> f.queue.addReadable(f.data, 1, f.data.size())).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> f.queue.addReadable(f.data, -1, 1)).isInstanceOf(IndexOutOfBoundsException.class);
        f.queue.addWritable(f.data, 0, 1);
        assertThatThrownBy(() -> f.queue.addReadable(f.data, 0, 1)).hasMessageContaining("cannot follow");
        f.queue.addWritable(f.data, 0, 1);
        assertThatThrownBy(() -> f.queue.addWritable(f.data, 0, 1)).hasMessageContaining("at most 2");
        assertThatThrownBy(() -> f.queue.detach(f)).isInstanceOf(IllegalStateException.class);
        f.queue.flush();
        assertThat(f.device.take().get(0).descriptors()).hasSize(2);
    }

    @Test
    void aChainStaysWithinTheSpecificationsLength() {
        DmaBuffer huge = new HugeBuffer(Integer.MAX_VALUE);
        f.queue.begin("readable", 4);
        f.queue.addReadable(huge, 0, Integer.MAX_VALUE);
        f.queue.addReadable(huge, 0, Integer.MAX_VALUE);
        f.queue.addReadable(huge, 0, 2);
        assertThatThrownBy(() -> f.queue.addReadable(huge, 0, 1)).hasMessageContaining("4 GiB");
        assertThatThrownBy(() -> f.queue.addWritable(huge, 0, 1)).hasMessageContaining("4 GiB");
        f.queue.begin("writable", 4);
        f.queue.addWritable(huge, 0, Integer.MAX_VALUE);
        assertThatThrownBy(() -> f.queue.addWritable(huge, 0, 1)).hasMessageContaining("2 GiB");
    }

    /** A buffer that is only addressed. */
    private record HugeBuffer(int size) implements DmaBuffer {
        @Override
        public long deviceAddress() {
            return 1L << 40;
        }

        @Override
        public ByteBuffer bytes() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {
            // Nothing was allocated.
        }
    }

    @Test
    void useByAnotherThreadIsCaught() {
        f.queue.owner(new Thread(() -> { }));
        assertThatThrownBy(() -> f.queue.begin("a", 1)).isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> f.queue.publish()).isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> f.queue.notifyDevice()).isInstanceOf(AssertionError.class);
        assertThatThrownBy(f::poll).isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> f.queue.enableNotifications()).isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> f.queue.isUsed(0)).isInstanceOf(AssertionError.class);
    }

    @Test
    void aHandlerMayStartTheNextRequest() {
        f.chain("a", SIZE - 1);
        f.queue.flush();
        f.useAll();
        f.queue.poll((token, written) -> assertThat(f.chain("b", SIZE - 1)).isEqualTo(QueueResult.OK), 9);
        f.queue.flush();
        assertThat(f.device.take()).hasSize(1);
    }

    @Test
    void aHandlerThatThrowsLosesNothing() {
        f.request("a", 1);
        f.request("b", 1);
        f.queue.flush();
        f.useAll();
        assertThatThrownBy(() -> f.queue.poll((token, written) -> {
            throw new IllegalStateException("handler");
        }, 9)).hasMessage("handler");
        assertThat(f.poll()).isEqualTo(1);
        assertThat(f.used).containsExactly(new Used("b", 0));
        assertThat(f.queue.freeDescriptors()).isEqualTo(SIZE);
    }

    @Test
    void countersCount() {
        f.request("a", 10, -20);
        f.request("b", 5);
        f.queue.flush();
        f.request("c", 1);
        f.queue.wakeup();
        assertThat(f.queue.dump().requests).as("published").isEqualTo(2);
        f.queue.flush();
        f.useAll();
        f.poll();
        QueueDTO dto = f.queue.dump();
        assertThat(dto.format).isEqualTo(ringCase.packed() ? "packed" : "split");
        assertThat(dto.index).isZero();
        assertThat(dto.size).isEqualTo(SIZE);
        assertThat(dto.owner).isEqualTo(Thread.currentThread().getName());
        assertThat(dto.requests).isEqualTo(3);
        assertThat(dto.completions).isEqualTo(3);
        assertThat(dto.buffers).isEqualTo(4);
        assertThat(dto.indirect).isEqualTo(ringCase.indirect() ? 3 : 0);
        assertThat(dto.bytesReadable).isEqualTo(16);
        assertThat(dto.bytesWritten).isEqualTo(20);
        assertThat(dto.notificationsSent + dto.notificationsSuppressed).isEqualTo(2);
        assertThat(dto.availableIndex).isEqualTo(f.device.availablePosition());
        assertThat(dto.usedIndex).isEqualTo(f.device.usedPosition());
        assertThat(dto.inFlight).isZero();
        assertThat(dto.freeDescriptors).isEqualTo(SIZE);
        assertThat(dto.brokenReason).isNull();
        assertThat(f.wakeups).isEqualTo(1);
    }
}
