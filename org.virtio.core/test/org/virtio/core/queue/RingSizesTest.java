// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.virtio.core.memory.AddressMap;
import org.virtio.core.queue.RingDevice.Chain;
import org.virtio.queue.QueueResult;
import org.virtio.spec.PackedRingLayout;
import org.virtio.spec.SplitRingLayout;

/** The least, odd and greatest sizes, each until every index has wrapped more than twice. */
class RingSizesTest {
    static Stream<Arguments> sizes() {
        return RingCase.all().flatMap(ringCase -> IntStream.of(1, 2, 3, 256, 32768)
            .filter(size -> ringCase.packed() || size != 3).mapToObj(size -> Arguments.of(ringCase, size)));
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void everyIndexWrapsTwice(RingCase ringCase, int size) {
        QueueFixture f = new QueueFixture(ringCase.format(), size);
        long wraps = ringCase.packed() ? 5L * size : 2 * 65536 + 5;
        int batch = Math.min(size, 64);
        int token = 0;
        while (token < wraps) {
            int first = token;
            for (int i = 0; i < batch; i++) {
                check(f.request(token++, -4) == QueueResult.OK, ringCase, token);
            }
            f.queue.flush();
            List<Chain> chains = f.device.take();
            check(chains.size() == batch, ringCase, token);
            useInAnyOrder(f, ringCase, chains, token);
            check(f.poll() == batch, ringCase, token);
            checkEach(f, ringCase, first, batch);
        }
        assertThat(f.queue.dump().requests).isEqualTo(token);
        assertThat(f.queue.dump().completions).isEqualTo(token);
        assertThat(f.queue.dump().availableIndex).isEqualTo(f.device.availablePosition());
        assertThat(f.queue.dump().usedIndex).isEqualTo(f.device.usedPosition()).isEqualTo(f.device.availablePosition());
        assertThat(f.queue.freeDescriptors()).isEqualTo(size);
    }

    private static void useInAnyOrder(QueueFixture f, RingCase ringCase, List<Chain> chains, int round) {
        if (!ringCase.inOrder()) {
            for (int i = 0; i < chains.size(); i++) {
                Chain chain = chains.get((i + round & Integer.MAX_VALUE) % chains.size());
                f.device.use(chain, 4);
            }
        } else if ((round & 1) == 0) {
            f.device.useBatch(chains, 4);
        } else {
            chains.forEach(chain -> f.device.use(chain, 4));
        }
    }

    private static void checkEach(QueueFixture f, RingCase ringCase, int first, int count) {
        boolean[] seen = new boolean[count];
        for (QueueFixture.Used used : f.used) {
            int i = (Integer) used.token() - first;
            check(i >= 0 && i < count && !seen[i] && used.written() == 4, ringCase, first);
            seen[i] = true;
        }
        check(f.used.size() == count, ringCase, first);
        f.used.clear();
    }

    /** Cheaper than an assertion for each of a million. */
    private static void check(boolean holds, RingCase ringCase, int token) {
        if (!holds) {
            throw new AssertionError(ringCase + ", about token " + token);
        }
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void itCanBeFilledWhollyAndEmptied(RingCase ringCase, int size) {
        QueueFixture f = new QueueFixture(ringCase.format(), size);
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < size; i++) {
                check(f.request(i, -4) == QueueResult.OK, ringCase, i);
            }
            assertThat(f.queue.begin("more", 1)).isEqualTo(QueueResult.FULL);
            assertThat(f.queue.freeDescriptors()).isZero();
            f.queue.flush();
            List<Chain> chains = f.device.take();
            assertThat(chains).hasSize(size);
            useInAnyOrder(f, ringCase, chains, round);
            assertThat(f.poll()).isEqualTo(size);
            checkEach(f, ringCase, 0, size);
        }
        assertThat(f.queue.isBroken()).isFalse();
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void chainsOfEveryLengthUpToTheSizeWrapAnywhere(RingCase ringCase, int size) {
        QueueFixture f = new QueueFixture(ringCase.format(), size);
        int steps = Math.max(1, size / 7);
        for (int round = 0; round < 3; round++) {
            for (int length = 1; length <= size; length += steps) {
                assertThat(f.chain(length, length - 1)).isEqualTo(QueueResult.OK);
                f.queue.flush();
                List<Chain> chains = f.device.take();
                assertThat(chains).hasSize(1);
                assertThat(chains.get(0).descriptors()).hasSize(length);
                f.device.use(chains.get(0), 3);
                assertThat(f.poll()).isEqualTo(1);
            }
        }
    }

    @Test
    void areasOfASplitQueueAreAlignedAndApart() {
        for (int size = 1; size <= SplitRingLayout.MAX_SIZE; size *= 2) {
            RingFormat format = RingFormat.plain(false);
            var setup = format.create(3, size, new TestBuffer(4096, format.bytes(size)), new AddressMap()).setup();
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

    @Test
    void areasOfAPackedQueueAreAlignedAndApart() {
        for (int size : new int[] {1, 2, 3, 5, 100, 255, 256, 32767, PackedRingLayout.MAX_SIZE}) {
            RingFormat format = RingFormat.plain(true);
            var setup = format.create(3, size, new TestBuffer(4096, format.bytes(size)), new AddressMap()).setup();
            assertThat(setup.index()).isEqualTo(3);
            assertThat(setup.size()).isEqualTo(size);
            assertThat(setup.descriptorArea() % PackedRingLayout.DESCRIPTOR_ALIGNMENT).isZero();
            assertThat(setup.driverArea()).isGreaterThanOrEqualTo(setup.descriptorArea() + 16L * size);
            assertThat(setup.driverArea() % 64).isZero();
            assertThat(setup.deviceArea()).isGreaterThanOrEqualTo(setup.driverArea() + 4);
            assertThat(setup.deviceArea() % 64).isZero();
            assertThat(setup.deviceArea() + 4).isEqualTo(4096L + format.bytes(size));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 3, 255, 65536})
    void aSizeThatIsNoSplitQueuesIsRefusedWithItsNumber(int size) {
        TestBuffer any = new TestBuffer(0, 64);
        assertThatThrownBy(() -> RingFormat.plain(false).create(0, size, any, new AddressMap()))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining(Integer.toString(size));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 32769, 65536})
    void aSizeThatIsNoPackedQueuesIsRefusedWithItsNumber(int size) {
        TestBuffer any = new TestBuffer(0, 64);
        assertThatThrownBy(() -> RingFormat.plain(true).create(0, size, any, new AddressMap()))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining(Integer.toString(size));
    }
}
