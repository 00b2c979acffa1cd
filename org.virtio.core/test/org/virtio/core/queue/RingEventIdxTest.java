// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The place at which the device wants to be notified, for the formats that have one. */
class RingEventIdxTest {
    private static final int SIZE = 8;

    static Stream<RingCase> cases() {
        return RingCase.all().filter(RingCase::eventIdx);
    }

    static Stream<Arguments> sizes() {
        return cases().flatMap(ringCase -> IntStream.of(1, 2, 3, SIZE)
            .filter(size -> ringCase.packed() || size != 3).mapToObj(size -> Arguments.of(ringCase, size)));
    }

    static Stream<RingCase> packedChains() {
        return cases().filter(ringCase -> ringCase.packed() && !ringCase.indirect());
    }

    private static void takeBack(QueueFixture f) {
        f.useAll();
        f.poll();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void withEventIdxTheDeviceIsNotifiedWhenItsPlaceIsPassed(RingCase ringCase) {
        QueueFixture f = new QueueFixture(ringCase.format(), SIZE);
        f.device.wishAfter(1);
        assertThat(f.publish(1)).isFalse();
        assertThat(f.publish(1)).isTrue();
        assertThat(f.publish(1)).isFalse();
        takeBack(f);
        f.device.wishAfter(1);
        assertThat(f.publish(3)).isTrue();
        takeBack(f);
        f.device.wishAfter(2);
        assertThat(f.publish(3)).isTrue();
        takeBack(f);
        f.device.wishAfter(3);
        assertThat(f.publish(3)).isFalse();
        takeBack(f);
        f.device.wishAfter(0);
        assertThat(f.publish(SIZE)).isTrue();
        takeBack(f);
        f.device.wishAfter(SIZE - 1);
        assertThat(f.publish(SIZE)).isTrue();
    }

    /** Wherever in the ring it begins: in a split one the indices wrap at 65536, in a packed one with every round. */
    @ParameterizedTest
    @MethodSource("sizes")
    void theDevicesPlaceIsComparedAcrossTheWrap(RingCase ringCase, int size) {
        QueueFixture f = new QueueFixture(ringCase.format(), size);
        int start = ringCase.packed() ? 0 : 65536 - size - 2;
        for (int i = 0; i < start; i++) {
            f.roundTrip();
        }
        for (int begin = 0; begin < 4 * size; begin++) {
            for (int steps = 0; steps <= size; steps++) {
                f.device.take();
                f.device.wishAfter(steps);
                int count = 1 + begin % Math.min(5, size);
                boolean wanted = f.publish(count);
                assertThat(wanted).as("%s published at %s, wanted after %s", count, begin, steps).isEqualTo(steps < count);
                takeBack(f);
            }
            f.roundTrip();
        }
    }

    @ParameterizedTest
    @MethodSource("packedChains")
    void aPlaceInAPackedRingCountsDescriptors(RingCase ringCase) {
        QueueFixture f = new QueueFixture(ringCase.format(), SIZE);
        f.device.wishAfter(2);
        f.chain("three", 2);
        assertThat(f.queue.publish()).isTrue();
        takeBack(f);
        f.device.wishAfter(3);
        f.chain("three", 2);
        assertThat(f.queue.publish()).isFalse();
    }
}
