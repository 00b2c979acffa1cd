// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PatternTest {
    private static final int LENGTH = 4096;

    private final ByteBuffer buffer = ByteBuffer.allocate(LENGTH).order(ByteOrder.LITTLE_ENDIAN);

    @Test
    void whatWasFilledHasNoMismatch() {
        Pattern pattern = new Pattern(7);
        pattern.fill(buffer, LENGTH, 1 << 30);
        assertThat(pattern.mismatch(buffer, LENGTH, 1 << 30)).isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 8, 2047, 4095})
    void everyFlippedBitIsFoundInItsWord(int index) {
        Pattern pattern = new Pattern(0);
        pattern.fill(buffer, LENGTH, 0);
        buffer.put(index, (byte) (buffer.get(index) ^ 0x10));
        assertThat(pattern.mismatch(buffer, LENGTH, 0)).isEqualTo(index / 8 * 8);
    }

    @Test
    void aBlockInTheWrongPlaceDiffersFromItsFirstWordOn() {
        Pattern pattern = new Pattern(0);
        pattern.fill(buffer, LENGTH, 512);
        assertThat(pattern.mismatch(buffer, LENGTH, 0)).isZero();
        assertThat(pattern.mismatch(buffer, LENGTH, 1024)).isZero();
    }

    @Test
    void anotherSeedIsAnotherPattern() {
        new Pattern(1).fill(buffer, LENGTH, 0);
        assertThat(new Pattern(2).mismatch(buffer, LENGTH, 0)).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 8, 512, 67108856L, 1L << 40})
    void aWordTellsWhereItBelongs(long position) {
        for (long seed = 0; seed < 100; seed++) {
            Pattern pattern = new Pattern(seed);
            assertThat(pattern.positionOf(pattern.word(position))).isEqualTo(position);
        }
    }

    @Test
    void wordsDoNotRepeat() {
        Pattern pattern = new Pattern(0);
        Set<Long> words = new HashSet<>();
        for (int i = 0; i < 10_000; i++) {
            words.add(pattern.word(i * 8L));
        }
        assertThat(words).hasSize(10_000);
    }
}
