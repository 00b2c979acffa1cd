// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.dma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.virtio.pci.sysfs.NothingOpen;
import org.virtio.posix.Posix;

/** A map of our own, of a few pages from address 0 on, and the kernel's of this process, which runs as root. */
@ExtendWith(NothingOpen.class)
class PageMapTest {
    private static final long PAGE = Posix.pageSize();
    private static final long PRESENT = 1L << 63;
    private static final long SWAPPED = 1L << 62;
    /** Set by the kernel, and no part of the frame's number. */
    private static final long SOFT_DIRTY_AND_SHARED = 1L << 55 | 1L << 61;

    @TempDir
    private Path directory;

    private PageMap pages(long... entries) throws Exception {
        ByteBuffer file = ByteBuffer.allocate(entries.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        file.asLongBuffer().put(entries);
        return new PageMap(Files.write(directory.resolve("pagemap"), file.array()));
    }

    @Test
    void findsPagesThatFollowOneAnother() throws Exception {
        try (PageMap pages = pages(0, PRESENT | 0x700, PRESENT | SOFT_DIRTY_AND_SHARED | 0x701, PRESENT | 0x702, 0)) {
            assertThat(pages.physical(PAGE, 3 * PAGE)).isEqualTo(0x700 * PAGE);
            assertThat(pages.physical(2 * PAGE, PAGE)).isEqualTo(0x701 * PAGE);
            assertThat(pages.physical(2 * PAGE, 1)).isEqualTo(0x701 * PAGE);
            assertThat(pages.physical(2 * PAGE, PAGE + 1)).isEqualTo(0x701 * PAGE);
        }
    }

    @Test
    void refusesPagesThatDoNot() throws Exception {
        try (PageMap pages = pages(PRESENT | 0x700, PRESENT | 0x701, PRESENT | 0x703)) {
            assertThatIOException().isThrownBy(() -> pages.physical(0, 2 * PAGE + 1))
                .withMessageContaining("not physically contiguous")
                .withMessageContaining("offset 0x" + Long.toHexString(2 * PAGE))
                .withMessageContaining("at 0x" + Long.toHexString(0x703 * PAGE));
        }
    }

    @Test
    void refusesPagesThatAreNotInMemory() throws Exception {
        try (PageMap pages = pages(PRESENT | 0x700, SWAPPED | 0x701)) {
            assertThatIOException().isThrownBy(() -> pages.physical(0, 2 * PAGE)).withMessageContaining("not in memory");
        }
    }

    @Test
    void saysThatTheKernelDoesNotTell() throws Exception {
        try (PageMap pages = pages(PRESENT | SOFT_DIRTY_AND_SHARED)) {
            assertThatIOException().isThrownBy(() -> pages.physical(0, PAGE)).withMessageContaining("CAP_SYS_ADMIN");
        }
    }

    @Test
    void agreesWithItselfOnPagesOfThisProcess() throws Exception {
        int count = 64;
        try (TestRegion region = new TestRegion((int) (count * PAGE))) {
            PhysicalMemory memory = new PhysicalMemory();
            touchBackwards(region.buffer());
            List<Long> found = new ArrayList<>();
            boolean contiguous = true;
            try (PageMap pages = new PageMap(Path.of("/proc/self/pagemap"))) {
                for (int i = 0; i < count; i++) {
                    found.add(pages.physical(region.address() + i * PAGE, PAGE));
                    contiguous &= found.get(i) == found.get(0) + i * PAGE;
                }
            }
            assertThat(found).doesNotHaveDuplicates().allMatch(address -> address > 0 && address % PAGE == 0);
            if (contiguous) {
                assertThat(memory.locate(region)).isEqualTo(found.get(0));
            } else {
                assertThatIOException().isThrownBy(() -> memory.locate(region))
                    .withMessageContaining("not physically contiguous");
            }
        }
    }

    private static void touchBackwards(ByteBuffer buffer) {
        for (long place = buffer.capacity() - PAGE; place >= 0; place -= PAGE) {
            buffer.put((int) place, (byte) 1);
        }
    }
}
