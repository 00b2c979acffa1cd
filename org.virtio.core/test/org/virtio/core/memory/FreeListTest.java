// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import org.junit.jupiter.api.Test;

class FreeListTest {
    private static final int SIZE = 1 << 14;

    private record Range(int offset, int length) {
        boolean overlaps(Range other) {
            return offset < other.offset + other.length && other.offset < offset + length;
        }
    }

    /** Takes, or where {@code length} is 0 gives back the range of number {@code which}. */
    record Step(int length, int alignment, int which) {
    }

    @Provide
    Arbitrary<List<Step>> steps() {
        Arbitrary<Integer> lengths = Arbitraries.frequencyOf(
            Tuple.of(3, Arbitraries.just(0)),
            Tuple.of(4, Arbitraries.integers().between(1, SIZE / 4)),
            Tuple.of(1, Arbitraries.integers().between(1, SIZE)));
        return Combinators.combine(lengths, Arbitraries.integers().between(0, 12), Arbitraries.integers().between(0, 1000))
            .as((length, shift, which) -> new Step(length, 1 << shift, which))
            .list().ofMaxSize(200);
    }

    @Property(tries = 300)
    void rangesNeverOverlapAndAllComesBack(@ForAll("steps") List<Step> steps) {
        FreeList free = new FreeList(SIZE);
        List<Range> taken = new ArrayList<>();
        for (Step step : steps) {
            if (step.length() > 0) {
                take(free, step, taken);
            } else if (!taken.isEmpty()) {
                Range range = taken.remove(step.which() % taken.size());
                free.give(range.offset(), range.length());
            }
            int used = taken.stream().mapToInt(Range::length).sum();
            int rest = free.ranges().values().stream().mapToInt(Integer::intValue).sum();
            assertThat(used + rest).isEqualTo(SIZE);
        }
        taken.forEach(range -> free.give(range.offset(), range.length()));
        assertThat(free.ranges()).isEqualTo(Map.of(0, SIZE));
    }

    private static void take(FreeList free, Step step, List<Range> taken) {
        int offset = free.take(step.length(), step.alignment());
        if (offset < 0) {
            assertThat(couldFit(free, step)).isFalse();
            return;
        }
        Range range = new Range(offset, step.length());
        assertThat(offset % step.alignment()).isZero();
        assertThat(offset + step.length()).isLessThanOrEqualTo(SIZE);
        assertThat(taken).noneMatch(range::overlaps);
        taken.add(range);
    }

    private static boolean couldFit(FreeList free, Step step) {
        return free.ranges().entrySet().stream().anyMatch(range -> {
            int first = (range.getKey() + step.alignment() - 1) / step.alignment() * step.alignment();
            return first + step.length() <= range.getKey() + range.getValue();
        });
    }

    @Test
    void theFirstThatFitsIsTaken() {
        FreeList free = new FreeList(100);
        assertThat(free.take(10, 1)).isZero();
        assertThat(free.take(20, 1)).isEqualTo(10);
        assertThat(free.take(10, 1)).isEqualTo(30);
        free.give(0, 10);
        free.give(30, 10);
        assertThat(free.take(11, 1)).isEqualTo(30);
        assertThat(free.take(10, 1)).isZero();
    }

    @Test
    void whatIsFreeCannotBeGivenBack() {
        FreeList free = new FreeList(100);
        free.take(50, 1);
        free.give(10, 10);
        assertThatIllegalStateException().isThrownBy(() -> free.give(10, 10)).withMessageContaining("10 bytes at 10");
        assertThatIllegalStateException().isThrownBy(() -> free.give(5, 6));
        assertThatIllegalStateException().isThrownBy(() -> free.give(19, 2));
        assertThatIllegalStateException().isThrownBy(() -> free.give(45, 10));
        assertThat(free.ranges()).isEqualTo(Map.of(10, 10, 50, 50));
    }

    @Test
    void aRegionOfAlmostTwoGigabytesDoesNotOverflow() {
        int size = Integer.MAX_VALUE - 4095;
        FreeList free = new FreeList(size);
        assertThat(free.take(size, 4096)).isZero();
        assertThat(free.take(1, 1)).isEqualTo(-1);
        free.give(0, size);
        assertThat(free.take(size - 1, 1)).isZero();
        assertThat(free.take(1, 4096)).isEqualTo(-1);
    }
}
