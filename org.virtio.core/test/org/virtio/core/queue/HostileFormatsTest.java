// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.virtio.core.queue.QueueFixture.Used;

/** The lies that only some formats let a device tell. */
class HostileFormatsTest {
    @Nested
    @ParameterizedClass
    @MethodSource("cases")
    class Split extends HostileDeviceFixture {
        static Stream<RingCase> cases() {
            return RingCase.all().filter(ringCase -> !ringCase.packed());
        }

        private SplitDevice device() {
            return (SplitDevice) f.device;
        }

        @ParameterizedTest
        @ValueSource(ints = {65536, Integer.MAX_VALUE, -1, Integer.MIN_VALUE})
        void anIdBeyondSixteenBits(int id) {
            device().claim(id, 0);
            assertBroken("id " + Integer.toUnsignedString(id));
        }

        @ParameterizedTest
        @ValueSource(ints = {3, 100, 40000, 65535})
        void aUsedIndexThatRanAhead(int index) {
            device().putElement(0, 0);
            device().publish(index);
            assertBroken("ahead");
        }

        /** What it had used it cannot take back, be it handed over already or not. */
        @Test
        void aUsedIndexThatGoesBack() {
            SplitDevice device = device();
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
        void whatTheDeviceFindsFalseIsSaidByIsUsedToo() {
            device().publish(40000);
            assertThat(f.queue.isUsed(f.queue.prepareNotifications())).isTrue();
            assertThat(f.queue.isBroken()).isTrue();
        }
    }

    @Nested
    @ParameterizedClass
    @MethodSource("cases")
    class Packed extends HostileDeviceFixture {
        static Stream<RingCase> cases() {
            return RingCase.all().filter(RingCase::packed);
        }

        /** Section 2.8.4: the length is reserved then; but QEMU, for one, writes it and does not set the flag. */
        @Test
        void aLengthWithoutTheWriteFlagIsBelievedWhereItCanBe() {
            ((PackedDevice) f.device).setsWriteFlag = false;
            f.device.use(chains.get(0), 100);
            f.device.use(chains.get(1), 101);
            assertThat(f.poll()).isEqualTo(2);
            assertThat(f.used).containsExactly(new Used("a", 100), new Used("b", 0));
        }
    }

    @Nested
    @ParameterizedClass
    @MethodSource("cases")
    class InOrder extends HostileDeviceFixture {
        static Stream<RingCase> cases() {
            return RingCase.all().filter(RingCase::inOrder);
        }

        @ParameterizedTest
        @ValueSource(ints = {101, -1})
        void moreWrittenThanWasWritableAtTheEndOfABatch(int written) {
            f.device.useBatch(chains, written);
            assertBroken("100 device-writable bytes");
        }
    }
}
