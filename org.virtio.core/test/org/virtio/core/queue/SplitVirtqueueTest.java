// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.virtio.core.queue.QueueFixture.Used;
import org.virtio.core.queue.SplitDevice.Chain;
import org.virtio.core.queue.SplitDevice.Descriptor;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueResult;
import org.virtio.spec.SplitRingLayout;

class SplitVirtqueueTest {
    private final QueueFixture f = new QueueFixture(8, false);

    @Test
    void areasAreAlignedAndApart() {
        for (int size = 1; size <= SplitRingLayout.MAX_SIZE; size *= 2) {
            RingFormat format = RingFormat.plain(false);
            var setup = format.create(3, size, new TestBuffer(4096, format.bytes(size))).setup();
            assertThat(setup.index()).isEqualTo(3);
            assertThat(setup.size()).isEqualTo(size);
            assertThat(setup.descriptorArea() % SplitRingLayout.DESCRIPTOR_ALIGNMENT).isZero();
            assertThat(setup.driverArea()).isEqualTo(setup.descriptorArea() + 16L * size);
            assertThat(setup.driverArea() % SplitRingLayout.AVAILABLE_ALIGNMENT).isZero();
            assertThat(setup.deviceArea()).isGreaterThanOrEqualTo(setup.driverArea() + 6 + 2L * size);
            assertThat(setup.deviceArea() % 64).isZero();
            assertThat(setup.deviceArea() + 6 + 8L * size).isEqualTo(4096L + format.bytes(size));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 3, 255, 65536})
    void aSizeThatIsNoQueuesIsRefusedWithItsNumber(int size) {
        assertThatThrownBy(() -> RingFormat.plain(false).create(0, size, f.data))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining(Integer.toString(size));
    }

    @Test
    void theDeviceFindsAChainAsItWasBuilt() {
        f.queue.begin("r", 3);
        f.queue.addReadable(f.data, 16, 100);
        f.queue.addWritable(f.data, 4096, 512);
        f.queue.addWritable(f.data, 9000, 1);
        f.queue.flush();
        assertThat(f.device.take()).containsExactly(new Chain(0, List.of(
            new Descriptor(QueueFixture.DATA_ADDRESS + 16, 100, false),
            new Descriptor(QueueFixture.DATA_ADDRESS + 4096, 512, true),
            new Descriptor(QueueFixture.DATA_ADDRESS + 9000, 1, true))));
    }

    @Test
    void nothingIsVisibleBeforeFlushAndAllOfABatchAfterIt() {
        f.request("a", 1);
        f.request("b", 1);
        assertThat(f.device.availableIndex()).isZero();
        assertThat(f.queue.flush()).isTrue();
        assertThat(f.device.take()).extracting(Chain::head).containsExactly(0, 1);
        assertThat(f.notifications).isEqualTo(1);
        assertThat(f.queue.flush()).isFalse();
    }

    @Test
    void usedBuffersComeBackWithTokenAndLengthInTheDevicesOrder() {
        f.request("a", 10, -20);
        f.request("b", 10, -20);
        f.queue.flush();
        List<Chain> chains = f.device.take();
        f.device.use(chains.get(1).head(), 7);
        f.device.use(chains.get(0).head(), 20);
        assertThat(f.queue.poll(f, 1)).isEqualTo(1);
        assertThat(f.poll()).isEqualTo(1);
        assertThat(f.used).containsExactly(new Used("b", 7), new Used("a", 20));
        assertThat(f.queue.freeDescriptors()).isEqualTo(8);
        assertThat(f.queue.inFlight()).isZero();
        assertThat(f.poll()).isZero();
    }

    @Test
    void aRequestWithMoreDescriptorsThanTheQueueIsInvalidAndOneWithMoreThanAreFreeIsFull() {
        assertThat(f.queue.begin("x", 9)).isEqualTo(QueueResult.INVALID);
        assertThat(f.queue.begin("x", 0)).isEqualTo(QueueResult.INVALID);
        assertThat(f.request("a", 1, 1, 1, 1, 1, 1)).isEqualTo(QueueResult.OK);
        assertThat(f.queue.begin("b", 3)).isEqualTo(QueueResult.FULL);
        assertThat(f.request("b", 1, 1)).isEqualTo(QueueResult.OK);
        assertThat(f.queue.begin("c", 1)).isEqualTo(QueueResult.FULL);
        f.queue.flush();
        assertThat(f.device.take()).hasSize(2);
        assertThat(f.queue.dump().full).isEqualTo(2);
    }

    @Test
    void aDescriptorThatWasBoundButNotUsedStaysFree() {
        f.queue.begin("a", 8);
        f.queue.addReadable(f.data, 0, 1);
        assertThat(f.request("b", 1, 1, 1, 1, 1, 1, 1)).isEqualTo(QueueResult.OK);
    }

    @Test
    void abortTakesTheRequestUnderConstructionBack() {
        f.request("a", 1);
        f.request("b", 1, 1, -1);
        f.queue.abort();
        assertThat(f.queue.freeDescriptors()).isEqualTo(7);
        f.request("c", 2);
        f.queue.flush();
        f.queue.abort();
        List<Chain> chains = f.device.take();
        assertThat(chains).hasSize(2);
        chains.forEach(chain -> f.device.use(chain.head(), 0));
        f.poll();
        assertThat(f.used).containsExactly(new Used("a", 0), new Used("c", 0));
        assertThat(f.queue.freeDescriptors()).isEqualTo(8);
    }

    @Test
    void anEmptyRequestIsForgotten() {
        f.queue.begin("a", 2);
        assertThat(f.queue.inFlight()).isEqualTo(1);
        f.queue.begin("b", 2);
        assertThat(f.queue.flush()).isFalse();
        assertThat(f.device.take()).isEmpty();
        assertThat(f.queue.inFlight()).isZero();
        assertThat(f.queue.freeDescriptors()).isEqualTo(8);
    }

    @Test
    void misuseIsRefused() {
        assertThatThrownBy(() -> f.queue.addReadable(f.data, 0, 1)).isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("no request");
        f.queue.begin("a", 2);
        assertThatThrownBy(() -> f.queue.addReadable(f.data, 0, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> f.queue.addReadable(f.data, 1, f.data.size())).isInstanceOf(IndexOutOfBoundsException.class);
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
        assertThatThrownBy(() -> f.queue.flush()).isInstanceOf(AssertionError.class);
        assertThatThrownBy(f::poll).isInstanceOf(AssertionError.class);
    }

    @Test
    void aHandlerMayStartTheNextRequest() {
        f.request("a", 1, 1, 1, 1, 1, 1, 1, 1);
        f.queue.flush();
        f.device.use(f.device.take().get(0).head(), 0);
        f.queue.poll((token, written) -> assertThat(f.request("b", 1, 1, 1, 1, 1, 1, 1, 1)).isEqualTo(QueueResult.OK), 9);
        f.queue.flush();
        assertThat(f.device.take()).hasSize(1);
    }

    @Test
    void aHandlerThatThrowsLosesNothing() {
        f.request("a", 1);
        f.request("b", 1);
        f.queue.flush();
        f.device.take().forEach(chain -> f.device.use(chain.head(), 0));
        assertThatThrownBy(() -> f.queue.poll((token, written) -> {
            throw new IllegalStateException("handler");
        }, 9)).hasMessage("handler");
        assertThat(f.poll()).isEqualTo(1);
        assertThat(f.used).containsExactly(new Used("b", 0));
        assertThat(f.queue.freeDescriptors()).isEqualTo(8);
    }

    @Test
    void indicesWrapTwice() {
        for (int i = 0; i < 3 * 65536; i++) {
            assertThat(f.request(i, 1, -4)).isEqualTo(QueueResult.OK);
            f.queue.flush();
            f.device.use(f.device.take().get(0).head(), i & 3);
            assertThat(f.poll()).isEqualTo(1);
            assertThat(f.used.remove(0)).isEqualTo(new Used(i, i & 3));
        }
        assertThat(f.queue.dump().requests).isEqualTo(3 * 65536);
        assertThat(f.queue.dump().completions).isEqualTo(3 * 65536);
        assertThat(f.queue.dump().availableIndex).isZero();
    }

    @Test
    void theLargestQueueCanBeFilledWholly() {
        QueueFixture large = new QueueFixture(32768, true);
        for (int round = 0; round < 5; round++) {
            for (int i = 0; i < 32768; i++) {
                assertThat(large.request(i, -1)).isEqualTo(QueueResult.OK);
            }
            assertThat(large.queue.begin("more", 1)).isEqualTo(QueueResult.FULL);
            large.queue.flush();
            large.device.take().forEach(chain -> large.device.use(chain.head(), 1));
            assertThat(large.poll()).isEqualTo(32768);
        }
        assertThat(large.queue.isBroken()).isFalse();
    }
}
