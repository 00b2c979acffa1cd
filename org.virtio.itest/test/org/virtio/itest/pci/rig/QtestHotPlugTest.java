// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.virtio.itest.support.Await;
import org.virtio.pci.access.PciAddress;
import org.virtio.pci.access.PciFunction;
import org.virtio.posix.EventFd;

class QtestHotPlugTest extends RigFixture {
    private static final String DISK = "virtio-blk-pci,id=disk,drive=f0,bus=port1,disable-legacy=on";

    private QtestMachine machine;

    @BeforeEach
    void start() throws IOException {
        machine = QtestMachine.builder().rootPort("port0").rootPort("port1").blockdev(node("f0")).start();
    }

    @AfterEach
    void end() {
        machine.close();
    }

    @Test
    void pluggedInDeviceWorksUntilItIsTakenOut() throws IOException {
        for (int i = 0; i < 3; i++) {
            PciAddress address = machine.plug(DISK);
            assertThat(machine.access().reaches(address)).isTrue();
            assertThat(machine.address("disk")).isEqualTo(address);
            try (PciFunction function = machine.access().open(address)) {
                readSector(function, 10 + i);
            }
            machine.unplug("disk");
            assertThat(machine.access().reaches(address)).isFalse();
        }
    }

    private static void readSector(PciFunction function, int sector) throws IOException {
        try (RegionOfTest region = RegionOfTest.create(2 * MIB); EventFd signal = EventFd.create()) {
            RawDisk disk = new RawDisk(function, region.buffer(), function.map(region));
            function.enableVectors(List.of(signal));
            disk.start(0, RawDisk.NO_VECTOR, 0);
            disk.requestRead(sector);
            assertThat(signal.await(Await.LIMIT.toNanos())).isTrue();
            assertThat(disk.data()).isEqualTo(TestDisk.sector(sector));
            disk.status(0);
            function.disableInterrupts();
            function.unmap(region);
        }
    }

    @Test
    void ownerIsAskedBeforeADeviceIsTakenOut() throws Exception {
        PciFunction function = machine.access().open(machine.plug(DISK));
        Thread owner = new Thread(() -> {
            try {
                function.removalRequest().await(Await.LIMIT.toNanos());
                readSector(function, 77);
            } catch (IOException e) {
                throw new AssertionError(e);
            } finally {
                function.close();
            }
        }, "owner");
        owner.start();
        machine.unplug("disk");
        owner.join();
        assertThatThrownBy(() -> machine.address("disk")).hasMessageContaining("no PCI function disk");
    }

    @Test
    void deviceThatIsTornOutReadsAllOnes() throws IOException {
        PciAddress address = machine.plug(DISK);
        try (PciFunction function = machine.access().open(address);
                RegionOfTest region = RegionOfTest.create(2 * MIB);
                EventFd signal = EventFd.create()) {
            RawDisk disk = new RawDisk(function, region.buffer(), function.map(region));
            function.enableVectors(List.of(signal));
            disk.start(0, RawDisk.NO_VECTOR, 0);
            assertThat(signal.drain()).isFalse();
            machine.remove("disk");
            disk.requestRead(1);
            assertThat(disk.status()).isEqualTo(0xff);
            assertThat(function.config().read32(0)).isEqualTo(-1);
            assertThat(function.config().read16(4)).isEqualTo(0xffff);
            assertThat(machine.access().reaches(address)).isFalse();
            PciAddress again = machine.plug(DISK);
            assertThat(again).isEqualTo(address);
            assertThat(function.config().read32(0)).as("the old one is gone for good").isEqualTo(-1);
            try (PciFunction other = machine.access().open(again)) {
                readSector(other, 55);
                assertThatThrownBy(() -> machine.access().open(again)).hasMessageContaining("open already");
            }
            assertThat(disk.isUsed()).isFalse();
            assertThat(function.removalRequest().drain()).isFalse();
        }
        machine.access().open(address).close();
    }

    @Test
    void deviceInTheSlotOfOneThatWasTornOutHasAnIommuSpaceOfItsOwn() throws IOException {
        try (QtestMachine guarded = QtestMachine.builder().iommu().rootPort("port1")
                .blockdev(node("f0")).start();
                RegionOfTest before = RegionOfTest.create(2 * MIB);
                RegionOfTest after = RegionOfTest.create(2 * MIB)) {
            String device = DISK + ",iommu_platform=on";
            PciFunction torn = guarded.access().open(guarded.plug(device));
            RawDisk disk = startGuarded(torn, before);
            guarded.remove("disk");
            try (PciFunction function = guarded.access().open(guarded.plug(device))) {
                RawDisk other = startGuarded(function, after);
                torn.close();
                other.requestRead(31);
                Await.until("the sector is read", other::isUsed);
                assertThat(other.data()).isEqualTo(TestDisk.sector(31));
                assertThat(disk.status()).isEqualTo(0xff);
                assertThat(guarded.takeFault()).isEqualTo(-1);
            }
        }
    }

    private static RawDisk startGuarded(PciFunction function, RegionOfTest region) throws IOException {
        RawDisk disk = new RawDisk(function, region.buffer(), function.map(region));
        disk.start(1L << 33, RawDisk.NO_VECTOR, RawDisk.NO_VECTOR);
        disk.requestRead(30);
        Await.until("the sector is read", disk::isUsed);
        assertThat(disk.data()).isEqualTo(TestDisk.sector(30));
        return disk;
    }

    @Test
    void mistakesAreToldOf() {
        assertThatThrownBy(() -> machine.plug("virtio-blk-pci,id=x,drive=nothing,bus=port1")).isInstanceOf(IOException.class)
            .hasMessageContaining("nothing");
        assertThatThrownBy(() -> machine.plug("virtio-rng-pci,id=x,bus=nowhere")).hasMessageContaining("nowhere");
        assertThatThrownBy(() -> machine.plug("virtio-rng-pci,bus=port1")).hasMessageContaining("id=");
        assertThatThrownBy(() -> machine.remove("nothing")).hasMessageContaining("no PCI function nothing");
    }
}
