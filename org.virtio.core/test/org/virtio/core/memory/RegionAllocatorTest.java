// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.virtio.device.VirtioException;
import org.virtio.memory.DmaBuffer;
import org.virtio.memory.DmaExhaustedException;
import org.virtio.memory.MemoryRegion;
import org.virtio.posix.OpenResources;
import org.virtio.transport.RegionLimits;

class RegionAllocatorTest {
    private static final int MIB = 1 << 20;

    private final List<MemoryRegion> mapped = new ArrayList<>();
    private final RegionAllocator allocator = new RegionAllocator(MIB, RegionLimits.NONE, this::map, () -> this.unsafe);
    private boolean unsafe;
    private int maxRegions = 3;
    private long mappings;
    private long fileDescriptors;

    private long map(MemoryRegion region) throws VirtioException {
        if (mapped.size() == maxRegions) {
            throw new VirtioException("the device takes no more than " + maxRegions + " regions");
        }
        mapped.add(region);
        return 0x1000_0000_0000L * mapped.size();
    }

    @BeforeEach
    void count() {
        mappings = OpenResources.mappings();
        fileDescriptors = OpenResources.fileDescriptors();
    }

    @AfterEach
    void nothingIsLeft() {
        allocator.close();
        assertThat(OpenResources.mappings()).isEqualTo(mappings);
        assertThat(OpenResources.fileDescriptors()).isEqualTo(fileDescriptors);
    }

    @Test
    void aBufferIsZeroedLittleEndianAndWhereTheDeviceSeesIt() {
        DmaBuffer first = allocator.allocate(100);
        first.bytes().putLong(8, -1L);
        first.close();
        DmaBuffer second = allocator.allocate(100_000, 64);
        assertThat(second.deviceAddress()).isEqualTo(0x1000_0000_0000L);
        assertThat(second.bytes().order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
        assertThat(second.bytes().capacity()).isEqualTo(second.size()).isEqualTo(100_000);
        for (int i = 0; i < second.size(); i++) {
            assertThat(second.bytes().get(i)).isZero();
        }
        second.bytes().put(99_999, (byte) 42);
        assertThat(mapped.get(0).buffer().get(99_999)).isEqualTo((byte) 42);
        assertThat(second.bytes()).isSameAs(second.bytes());
    }

    @Test
    void buffersOfOneRegionAreCountedAndApart() {
        DmaBuffer first = allocator.allocate(10);
        DmaBuffer second = allocator.allocate(10);
        assertThat(second.deviceAddress() - first.deviceAddress()).isEqualTo(4096);
        assertThat(allocator.allocated()).isEqualTo(20);
        assertThat(allocator.capacity()).isEqualTo(MIB);
        assertThat(mapped).hasSize(1);
    }

    @Test
    void closingTwiceGivesBackOnce() {
        DmaBuffer first = allocator.allocate(4096);
        first.close();
        DmaBuffer second = allocator.allocate(4096);
        first.close();
        assertThat(allocator.allocated()).isEqualTo(4096);
        assertThat(allocator.allocate(4096).deviceAddress()).isNotEqualTo(second.deviceAddress());
    }

    @Test
    void itOwnsWhatItHandedOutUntilThatIsClosed() {
        DmaBuffer buffer = allocator.allocate(8);
        assertThat(allocator.owns(buffer)).isTrue();
        try (RegionAllocator other = new RegionAllocator(MIB, RegionLimits.NONE, region -> 0, () -> false)) {
            assertThat(allocator.owns(other.allocate(8))).isFalse();
        }
        buffer.close();
        assertThat(allocator.owns(buffer)).isFalse();
        assertThat(allocator.owns(null)).isFalse();
    }

    @Test
    void itGrowsUntilTheDeviceRefusesAndSaysWhy() {
        for (int i = 0; i < 3; i++) {
            allocator.allocate(MIB);
        }
        assertThatExceptionOfType(DmaExhaustedException.class).isThrownBy(() -> allocator.allocate(4097))
            .withMessageContaining("4097 bytes asked for")
            .withMessageContaining(3 * MIB + " of " + 3 * MIB)
            .withMessageContaining("3 region(s)")
            .withMessageContaining("takes no more than 3 regions");
        assertThat(allocator.allocated()).isEqualTo(3 * MIB);
        assertThat(OpenResources.mappings()).isEqualTo(mappings + 3);
    }

    @Test
    void whatIsLargerThanARegionGetsOneOfItsOwn() {
        DmaBuffer large = allocator.allocate(5 * MIB + 1);
        assertThat(large.size()).isEqualTo(5 * MIB + 1);
        assertThat(mapped.get(0).size()).isEqualTo(5 * MIB + 4096);
        assertThat(allocator.capacity()).isEqualTo(5 * MIB + 4096);
    }

    @Test
    void nonsenseIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> allocator.allocate(0)).withMessageContaining("size 0");
        assertThatIllegalArgumentException().isThrownBy(() -> allocator.allocate(Integer.MAX_VALUE));
        for (int alignment : new int[] {0, -8, 3, 8192}) {
            assertThatIllegalArgumentException().isThrownBy(() -> allocator.allocate(8, alignment))
                .withMessageContaining("alignment " + alignment);
        }
    }

    @Test
    void afterCloseBuffersAreHarmlessAndNothingIsAllocated() {
        DmaBuffer buffer = allocator.allocate(8);
        allocator.close();
        assertThat(buffer.bytes().getLong(0)).isZero();
        buffer.close();
        assertThatIllegalStateException().isThrownBy(() -> allocator.allocate(8));
    }

    @Test
    void retainedMemoryIsNeverGivenAgain() {
        RegionAllocator retained = new RegionAllocator(MIB, RegionLimits.NONE, region -> 0, () -> false);
        DmaBuffer buffer = retained.allocate(4096);
        retained.retain();
        buffer.close();
        assertThat(retained.allocated()).isZero();
        retained.release();
        assertThat(retained.allocate(4096).deviceAddress()).isNotEqualTo(buffer.deviceAddress());
        retained.close();
        assertThat(OpenResources.mappings()).isEqualTo(mappings + 1);
        mappings++;
        fileDescriptors++;
    }

    @Test
    void whatIsClosedWhileUnsafeIsNotHandedOutBeforeItIsReleased() {
        DmaBuffer first = allocator.allocate(4096);
        DmaBuffer second = allocator.allocate(4096);
        unsafe = true;
        first.close();
        assertThat(allocator.allocated()).isEqualTo(4096);
        unsafe = false;
        DmaBuffer third = allocator.allocate(4096);
        assertThat(third.deviceAddress()).isNotEqualTo(first.deviceAddress());
        second.close();
        assertThat(allocator.allocate(4096).deviceAddress()).as("closed while safe").isEqualTo(second.deviceAddress());
        allocator.release();
        allocator.release();
        assertThat(allocator.allocate(4096).deviceAddress()).isEqualTo(first.deviceAddress());
    }

    @Test
    void releaseAfterCloseDoesNothing() {
        DmaBuffer buffer = allocator.allocate(8);
        unsafe = true;
        buffer.close();
        allocator.close();
        allocator.release();
        assertThat(allocator.allocated()).isZero();
    }

    @Property(tries = 50)
    void anySequenceGivesAllBack(@ForAll @Size(max = 100) List<@IntRange(min = -20, max = 400_000) Integer> steps) {
        try (RegionAllocator memory = new RegionAllocator(MIB, RegionLimits.NONE, region -> region.address(), () -> false)) {
            List<DmaBuffer> taken = new ArrayList<>();
            for (int step : steps) {
                if (step > 0) {
                    DmaBuffer buffer = memory.allocate(step, 1 << step % 13);
                    assertThat(buffer.deviceAddress() % (1 << step % 13)).isZero();
                    assertThat(taken).noneMatch(other -> overlap(other, buffer));
                    taken.add(buffer);
                } else if (!taken.isEmpty()) {
                    taken.remove(-step % taken.size()).close();
                }
                assertThat(memory.allocated()).isEqualTo(taken.stream().mapToLong(DmaBuffer::size).sum());
            }
            taken.forEach(DmaBuffer::close);
            assertThat(memory.allocated()).isZero();
            long before = memory.capacity();
            for (long whole = 0; whole < before; whole += MIB) {
                memory.allocate(MIB);
            }
            assertThat(memory.capacity()).isEqualTo(before);
        }
    }

    private static boolean overlap(DmaBuffer a, DmaBuffer b) {
        return a.deviceAddress() < b.deviceAddress() + b.size() && b.deviceAddress() < a.deviceAddress() + a.size();
    }

    @Test
    void noRegionIsLargerThanTheTransportTakes() {
        RegionLimits limits = new RegionLimits(MIB / 4, false);
        try (RegionAllocator small = new RegionAllocator(MIB, limits, this::map, () -> false)) {
            small.allocate(MIB / 4).close();
            assertThat(mapped).extracting(MemoryRegion::size).containsExactly(MIB / 4);
            assertThatExceptionOfType(DmaExhaustedException.class).isThrownBy(() -> small.allocate(MIB / 4 + 1))
                .withMessageContaining("no more than " + MIB / 4 + " bytes");
        }
    }
}
