// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.virtio.memory.DmaBuffer;

class BoundsTest {
    private final Bounds bounds = new Bounds("disk0", 512, false, 1048576);

    private void assertRefused(long position, long length, String message) {
        assertThatThrownBy(() -> bounds.check(position, length)).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }

    @Test
    void refusalsHaveTheNumbers() {
        assertRefused(513, 512, "position 513 is not a multiple of the block size 512");
        assertRefused(512, 100, "length 100 is not a multiple of the block size 512");
        assertRefused(1048576, 4096, "position 1048576 + length 4096 is beyond the capacity 1048576");
        assertRefused(-512, 512, "position -512 is negative");
        assertRefused(0, -512, "length -512 is negative");
        assertRefused(Long.MAX_VALUE - 511, 512,
            "position 9223372036854775296 + length 512 is beyond the capacity 1048576");
        assertRefused(512, Long.MAX_VALUE - 511,
            "position 512 + length 9223372036854775296 is beyond the capacity 1048576");
        assertThatThrownBy(() -> new Bounds("disk0", 512, true, 512).checkWrite(0, 512))
            .isInstanceOf(IllegalArgumentException.class).hasMessage("disk0 is read-only");
    }

    @Test
    void wholeBlocksWithinTheCapacityPass() {
        assertThatCode(() -> bounds.checkWrite(0, 1048576)).doesNotThrowAnyException();
        assertThatCode(() -> bounds.check(1048576 - 512, 512)).doesNotThrowAnyException();
        assertThatCode(() -> bounds.check(1048576, 0)).doesNotThrowAnyException();
    }

    @Test
    void theBufferMustHoldTheRange() {
        DmaBuffer buffer = new FakeMemory().allocate(4096);
        assertThatCode(() -> Bounds.checkBuffer(buffer, 0, 4096)).doesNotThrowAnyException();
        for (int[] range : new int[][] {{1, 4096}, {-1, 512}, {512, -1}, {Integer.MAX_VALUE, 512}, {0, Integer.MAX_VALUE}}) {
            assertThatThrownBy(() -> Bounds.checkBuffer(buffer, range[0], range[1]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("offset " + range[0] + " + length " + range[1] + " is beyond the buffer of 4096 bytes");
        }
    }
}
