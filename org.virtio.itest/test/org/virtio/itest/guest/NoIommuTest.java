// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real disks without an IOMMU: one is mounted and left alone, one used by way of UIO, and one without any driver; those two are
 * removed under load too.
 */
@Tag("guest")
class NoIommuTest {
    private static final String UIO = "0000:01:00.0";
    private static final String POLLED = "0000:02:00.0";
    private static final String MOUNTED = "0000:00:07.0";
    /** Of 2 MiB: for both disks, the rings and what is in flight. */
    private static final String HUGE_PAGES = "96";

    @TempDir
    private static Path directory;

    private static Path file;
    private static Path uioImage;
    private static Path polledImage;
    private static GuestRun run;

    @BeforeAll
    static void runInGuest() throws Exception {
        file = DiskData.file(directory);
        Guest guest = new Guest(directory).with("--hugepages", HUGE_PAGES,
            "--qemu", "-device pcie-root-port,id=root1,chassis=1,slot=1 -device pcie-root-port,id=root2,chassis=2,slot=2");
        uioImage = guest.disk(DiskData.DISK_SIZE, "id=disk0,bus=root1");
        polledImage = guest.disk(DiskData.DISK_SIZE, "id=disk1,bus=root2");
        guest.disk(DiskData.DISK_SIZE, "addr=7");
        run = guest.run("no-iommu", file);
        assertThat(run.status()).as(run.output()).isZero();
    }

    @Test
    void allDisksAreFound() {
        assertThat(run.part("scan")).contains(UIO, POLLED, MOUNTED, "is mounted on /mounted");
    }

    @Test
    void aMountedDiskIsNotTaken() {
        assertThat(run.part("mounted")).containsPattern("refused: .*/dev/vd[a-z] is mounted on /mounted");
    }

    @Test
    void theOthersAreHandedOver() {
        assertThat(run.part("disk0 bind")).contains(UIO, "uio_pci_generic");
        assertThat(run.part("disk0 scan")).contains(UIO, "uio_pci_generic", "ready");
        assertThat(run.part("disk1 bind")).contains(POLLED);
        assertThat(run.part("disk1 scan")).contains(POLLED, "ready");
    }

    @Test
    void theyAreAttachedAndWork() {
        assertThat(run.part("disk0 info")).contains("pci:" + UIO, "DRIVER_OK", "uio", "16 MiB");
        assertThat(run.part("disk1 info")).contains("pci:" + POLLED, "DRIVER_OK", "sysfs", "16 MiB");
        for (String disk : List.of("disk0", "disk1")) {
            assertThat(run.part(disk + " data")).contains("verified");
            assertThat(run.part(disk + " bench")).contains("depth 1,", "depth 32,", "IOPS");
        }
    }

    @Test
    void usedBuffersAreNotifiedByIntxOrNotAtAll() {
        assertThat(run.interrupts("disk0 interrupts", "uio_pci_generic")).isPositive();
        assertThat(run.part("disk1 info")).contains("poll");
    }

    @Test
    void memoryIsOfHugePages() {
        long free = run.memory("disk0 memory", "HugePages_Free");
        assertThat(free).isLessThan(Long.parseLong(HUGE_PAGES));
        assertThat(run.memory("disk1 memory", "HugePages_Free")).isLessThan(free);
    }

    @Test
    void removalUnderLoadFailsWhatRunsWithAReasonAndTheyComeBack() {
        assertThat(run.part("disk0 removal")).contains("the function was taken from the kernel's driver");
        assertThat(run.part("disk1 removal")).contains("was removed from the host");
        for (String disk : List.of("disk0", "disk1")) {
            assertThat(run.part(disk + " removal")).containsPattern("the measurement ended: .*" + disk).doesNotContain("IOPS")
                .doesNotContain("Exception").containsPattern(disk + " .*declared");
            assertThat(run.part(disk + " return")).containsPattern(disk + " +blk +ready");
        }
    }

    @Test
    void theKernelReadsWhatWasWritten() throws Exception {
        assertThat(run.part("disk0 unbind")).contains("verified", "disk0 is detached", "virtio-pci");
        assertThat(run.part("disk1 unbind")).contains("verified", "disk1 is detached", "virtio-pci");
        DiskData.check(uioImage, file, run, "disk0");
        DiskData.check(polledImage, file, run, "disk1");
    }
}
