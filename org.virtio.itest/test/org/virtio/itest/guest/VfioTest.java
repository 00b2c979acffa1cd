// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real disk behind an IOMMU: taken from the kernel, used by way of VFIO, removed under load, put in again, given back. */
@Tag("guest")
class VfioTest {
    private static final String ADDRESS = "0000:01:00.0";

    @TempDir
    private static Path directory;

    private static Path file;
    private static Path image;
    private static GuestRun run;

    @BeforeAll
    static void runInGuest() throws Exception {
        file = DiskData.file(directory);
        Guest guest = new Guest(directory).with("--iommu", "--qemu", "-device pcie-root-port,id=root1,chassis=1,slot=1");
        image = guest.disk(DiskData.DISK_SIZE, "id=disk0,bus=root1,iommu_platform=on");
        run = guest.run("vfio", file);
        assertThat(run.status()).as(run.output()).isZero();
    }

    @Test
    void theDiskIsHandedOver() {
        assertThat(run.part("disk0 bind")).contains(ADDRESS, "vfio-pci");
        assertThat(run.part("disk0 scan")).contains(ADDRESS, "blk", "vfio-pci", "ready");
    }

    @Test
    void itIsAttachedAndWorks() {
        assertThat(run.part("disk0 info")).contains("pci:" + ADDRESS, "DRIVER_OK", "ACCESS_PLATFORM", "vfio", "16 MiB");
        assertThat(run.part("disk0 data")).contains("verified");
        assertThat(run.part("disk0 bench")).contains("depth 1,", "depth 32,", "IOPS");
    }

    @Test
    void usedBuffersAreNotifiedByMsix() {
        assertThat(run.interrupts("disk0 interrupts", "](" + ADDRESS + ")")).isPositive();
        assertThat(run.part("disk0 interrupts")).contains("vfio-msix[1](" + ADDRESS + ")");
    }

    @Test
    void itWorksByIntxToo() {
        assertThat(run.part("disk0 intx")).contains("INTx", "IOPS", "verified");
        assertThat(run.interrupts("disk0 intx interrupts", "vfio-intx(" + ADDRESS + ")")).isPositive();
    }

    @Test
    void removalUnderLoadFailsWhatRunsWithAReason() {
        assertThat(run.part("disk0 removal")).containsPattern("the measurement ended: .*disk0").doesNotContain("IOPS")
            .doesNotContain("Exception").containsPattern("disk0 .*declared").contains("the host asks for the function back");
    }

    @Test
    void itIsAttachedAgainWhenItIsBack() {
        assertThat(run.part("disk0 return")).containsPattern("disk0 +blk +ready");
        assertThat(run.part("disk0 unbind")).contains("verified", "disk0 is detached", "virtio-pci");
    }

    @Test
    void theKernelReadsWhatWasWritten() throws Exception {
        DiskData.check(image, file, run, "disk0");
    }
}
