// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.dma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.virtio.pci.sysfs.NothingOpen;
import org.virtio.posix.Posix;
import org.virtio.posix.PosixException;

@ExtendWith(NothingOpen.class)
class PhysicalMemoryTest {
    private final PhysicalMemory memory = new PhysicalMemory();

    @Test
    void demandsHugePages() {
        assertThat(memory.limits().hugePages()).isTrue();
        assertThat(memory.limits().maxBytes()).isEqualTo((int) Posix.hugePageSize());
    }

    @Test
    void refusesOrdinaryPagesThoughOneAloneIsContiguous() throws Exception {
        try (TestRegion region = new TestRegion(1)) {
            assertThatIOException().isThrownBy(() -> memory.map(region)).withMessageContaining("needs memory in huge pages")
                .withMessageContaining("pages of " + Posix.pageSize() + " bytes");
            memory.unmap(region);
        }
        assertThat(memory.toStrings()).isEmpty();
    }

    /** The region has not been used before: no page of it has a place. */
    @Test
    void findsWhatIsNotThereBefore() throws Exception {
        try (TestRegion region = new TestRegion(1)) {
            long physical = memory.locate(region);
            assertThat(physical).isPositive().isEqualTo(memory.locate(region));
            assertThat(physical % Posix.pageSize()).isZero();
        }
    }

    @Test
    void saysThatThereIsNoMap(@TempDir Path directory) throws Exception {
        try (TestRegion region = new TestRegion(1)) {
            PhysicalMemory blind = new PhysicalMemory(directory.resolve("pagemap"));
            assertThatIOException().isThrownBy(() -> blind.locate(region)).isInstanceOf(PosixException.class)
                .withMessageContaining("pagemap");
        }
    }

    @Test
    void aTableKnowsRegionsByIdentity() throws Exception {
        RegionTable table = new RegionTable();
        try (TestRegion first = new TestRegion(1); TestRegion second = new TestRegion(1)) {
            table.put(second, 0x40_0000);
            table.put(first, 0x20_0000);
            assertThat(table.get(first)).isEqualTo(0x20_0000);
            assertThat(table.regions()).containsExactlyInAnyOrder(first, second);
            String size = Posix.pageSize() + " bytes at ";
            assertThat(table.toStrings()).containsExactly(size + "0x200000", size + "0x400000");
            table.remove(first);
            table.remove(first);
            assertThat(table.get(first)).isNull();
            assertThat(table.regions()).containsExactly(second);
        }
    }
}
