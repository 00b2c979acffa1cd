// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class IovaSpaceTest {
    private static final long PAGE = 4096;

    /** What is done: a piece of so many pages is taken, or, if negative, one of those that are taken given back. */
    @Provide
    Arbitrary<List<Integer>> steps() {
        return Arbitraries.integers().between(-20, 3_000).list().ofMaxSize(60);
    }

    /** Ranges in ascending order, as the kernel tells them, the last perhaps up to the end of all addresses. */
    @Provide
    Arbitrary<List<IovaRange>> ranges() {
        Arbitrary<Long> length = Arbitraries.longs().between(1, 1L << 26);
        Arbitrary<List<Long>> lengths = length.list().ofMinSize(2).ofMaxSize(8);
        Arbitrary<Long> start =
            Arbitraries.of(0L, 1L, 0x1000L, 0xfee0_0000L, (1L << 39) - (1L << 24), Long.MAX_VALUE - (1L << 26));
        return Combinators.combine(start, lengths).as(IovaSpaceTest::ranges);
    }

    private static List<IovaRange> ranges(long start, List<Long> lengths) {
        List<IovaRange> ranges = new ArrayList<>();
        long first = start;
        for (int i = 0; i + 1 < lengths.size(); i += 2) {
            ranges.add(new IovaRange(first, first + lengths.get(i) - 1));
            first += lengths.get(i) + lengths.get(i + 1);
        }
        return ranges;
    }

    @Property
    void piecesAreWithinTheRangesAlignedAndApart(@ForAll("ranges") List<IovaRange> ranges,
            @ForAll("steps") List<Integer> steps) {
        IovaSpace space = new IovaSpace(ranges);
        TreeMap<Long, Long> taken = new TreeMap<>();
        for (int step : steps) {
            if (step > 0) {
                take(space, step * PAGE, ranges, taken);
            } else if (!taken.isEmpty()) {
                Long first = new ArrayList<>(taken.keySet()).get(-step % taken.size());
                space.giveBack(first);
                taken.remove(first);
            }
        }
    }

    private static void take(IovaSpace space, long size, List<IovaRange> ranges, TreeMap<Long, Long> taken) {
        long first;
        try {
            first = space.take(size);
        } catch (IOException full) {
            assertThat(hasRoom(ranges, taken, size)).as("room for %d", size).isFalse();
            return;
        }
        long last = first + size - 1;
        assertThat(first).isPositive();
        assertThat(first % IovaSpace.ALIGNMENT).isZero();
        assertThat(ranges).anyMatch(range -> Long.compareUnsigned(first, range.first()) >= 0
            && Long.compareUnsigned(last, range.last()) <= 0);
        assertThat(taken.entrySet()).noneMatch(other -> first <= other.getValue() && last >= other.getKey());
        taken.put(first, last);
    }

    /** Looks at each place where a piece may begin: those that are aligned, in the part that a long has. */
    private static boolean hasRoom(List<IovaRange> ranges, TreeMap<Long, Long> taken, long size) {
        return ranges.stream().filter(range -> range.first() >= 0).anyMatch(range -> {
            long end = range.last() < 0 ? Long.MAX_VALUE : range.last();
            long place = Math.max(1, range.first() / IovaSpace.ALIGNMENT) * IovaSpace.ALIGNMENT;
            for (; place > 0 && place <= end - size + 1; place += IovaSpace.ALIGNMENT) {
                Map.Entry<Long, Long> before = taken.floorEntry(place + size - 1);
                if (place >= range.first() && (before == null || before.getValue() < place)) {
                    return true;
                }
            }
            return false;
        });
    }

    @Test
    void aHoleIsUsedAgain() throws Exception {
        IovaSpace space = new IovaSpace(IovaSpace.DEFAULT_RANGES);
        long first = space.take(PAGE);
        long second = space.take(3 * IovaSpace.ALIGNMENT);
        long third = space.take(PAGE);
        assertThat(List.of(first, second, third)).containsExactly(0x20_0000L, 0x40_0000L, 0xa0_0000L);
        space.giveBack(second);
        assertThat(space.take(2 * IovaSpace.ALIGNMENT)).isEqualTo(second);
        assertThatIllegalArgumentException().isThrownBy(() -> space.giveBack(second + PAGE));
    }

    @Test
    void withoutAWordOfTheIommuInterruptMessagesAndHighAddressesAreAvoided() throws Exception {
        IovaSpace space = new IovaSpace(IovaSpace.DEFAULT_RANGES);
        List<Long> large = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            large.add(space.take(1L << 30));
        }
        assertThat(large).allMatch(first -> first + (1L << 30) <= 0xfee0_0000L);
        assertThat(space.take(1L << 30)).isEqualTo(0xff00_0000L);
        assertThatIOException().isThrownBy(() -> space.take(1L << 39)).withMessageContaining("4 regions are mapped")
            .withMessageContaining("0xfef00000-0x7fffffffff");
    }

    @Test
    void refusesNothingAndLess() {
        IovaSpace space = new IovaSpace(IovaSpace.DEFAULT_RANGES);
        assertThatIllegalArgumentException().isThrownBy(() -> space.take(0));
        assertThatIllegalArgumentException().isThrownBy(() -> space.take(-1));
    }

    @Test
    void rangesUpToTheEndOfAllAddressesAreUsable() throws Exception {
        IovaSpace space = new IovaSpace(List.of(new IovaRange(0, -1), new IovaRange(-PAGE, -1)));
        assertThat(space.take(PAGE)).isEqualTo(IovaSpace.ALIGNMENT);
        assertThatIOException().isThrownBy(() -> new IovaSpace(List.of(new IovaRange(-PAGE, -1))).take(1));
        assertThatIOException().isThrownBy(() -> new IovaSpace(List.of(new IovaRange(Long.MAX_VALUE, -1))).take(1));
    }
}
