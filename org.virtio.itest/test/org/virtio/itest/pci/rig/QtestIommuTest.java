// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.virtio.itest.support.Await;
import org.virtio.pci.access.Intx;
import org.virtio.pci.access.PciFunction;
import org.virtio.posix.EventFd;

class QtestIommuTest extends RigFixture {
    private static final long NO_FAULT = -1;
    private static final long ACCESS_PLATFORM = 1L << 33;
    private static final long MACHINES_ADDRESSES = 512L << 30;


    private QtestMachine start() throws IOException {
        return QtestMachine.builder().iommu().rootPort("port0")
            .blockdev(node("f0"))
            .blockdev(node("f1"))
            .device("virtio-blk-pci,id=disk,drive=f0,disable-legacy=on,iommu_platform=on")
            .device("virtio-blk-pci,id=behind,bus=port0,drive=f1,disable-legacy=on,iommu_platform=on").start();
    }

    @Test
    void devicesReadIntoMemoryAtAddressesOfTheirOwnAndMessagesCome() throws IOException {
        try (QtestMachine machine = start()) {
            for (String id : List.of("disk", "behind")) {
                try (PciFunction function = open(machine, id);
                        RegionOfTest region = RegionOfTest.create(64 * MIB);
                        RegionOfTest second = RegionOfTest.create(12 << 10);
                        EventFd signal = EventFd.create()) {
                    assertThat(function.details()).containsEntry("iommu", true);
                    long address = function.map(region);
                    long secondAddress = function.map(second);
                    RawDisk disk = new RawDisk(function, region.buffer(), address);
                    function.enableVectors(List.of(signal));
                    disk.start(ACCESS_PLATFORM, RawDisk.NO_VECTOR, 0);
                    readInto(disk, signal, 3, address + 63 * MIB);
                    assertThat(region.buffer().get(63 * MIB + 511)).isEqualTo((byte) 3);
                    readInto(disk, signal, 4, secondAddress + (8 << 10));
                    assertThat(second.buffer().get((8 << 10) + 511)).isEqualTo((byte) 4);
                    assertThat(machine.takeFault()).isEqualTo(NO_FAULT);
                    assertThat(machine.oracle(id).queue(0).descriptor()).isEqualTo(address);
                    disk.status(0);
                }
            }
        }
    }

    private static void readInto(RawDisk disk, EventFd signal, int sector, long address) throws IOException {
        disk.requestRead(sector, address);
        assertThat(signal.await(Await.LIMIT.toNanos())).isTrue();
        assertThat(disk.isUsed()).isTrue();
    }

    @Test
    void nothingElseIsReached() throws IOException {
        try (QtestMachine machine = start();
                PciFunction function = open(machine, "disk");
                PciFunction other = open(machine, "behind");
                RegionOfTest ring = RegionOfTest.create(MIB);
                RegionOfTest data = RegionOfTest.create(MIB)) {
            RawDisk disk = new RawDisk(function, ring.buffer(), function.map(ring));
            disk.start(ACCESS_PLATFORM, RawDisk.NO_VECTOR, RawDisk.NO_VECTOR);
            // The machine's own address of a region is none of the function's, nor is one of another function.
            long othersAddress = other.map(data);
            assertRefused(machine, disk, data, othersAddress);
            assertRefused(machine, disk, data, MACHINES_ADDRESSES - MIB);
            assertRefused(machine, disk, data, 0x1000);
            long address = function.map(data);
            disk.requestRead(7, address);
            Await.until("the sector is read", disk::isUsed);
            assertThat(data.buffer().get(0)).isEqualTo((byte) 7);
            assertThat(machine.takeFault()).isEqualTo(NO_FAULT);
            function.unmap(data);
            data.buffer().put(0, (byte) 0);
            assertRefused(machine, disk, data, address);
        }
    }

    private static void assertRefused(QtestMachine machine, RawDisk disk, RegionOfTest data, long address) throws IOException {
        disk.requestRead(9, address);
        Await.until("the request is used", disk::isUsed);
        assertThat(machine.takeFault()).isEqualTo(address);
        assertThat(data.buffer().get(0)).isZero();
        assertThat(machine.takeFault()).isEqualTo(NO_FAULT);
    }

    @Test
    void closedFunctionReachesNothing() throws IOException {
        try (QtestMachine machine = start(); RegionOfTest region = RegionOfTest.create(MIB)) {
            PciFunction function = open(machine, "disk");
            RawDisk disk = new RawDisk(function, region.buffer(), function.map(region));
            disk.start(ACCESS_PLATFORM, RawDisk.NO_VECTOR, RawDisk.NO_VECTOR);
            function.close();
            try (PciFunction again = open(machine, "disk")) {
                again.config().write16(PciLayout.COMMAND, PciLayout.COMMAND_ALL);
                disk.requestRead(9);
                Await.until("the device finds nothing at its ring", () -> machine.takeFault() != NO_FAULT);
                assertThat(disk.isUsed()).isFalse();
            }
        }
    }

    @Test
    void addressesAreNotUsedAgainAndTablesAreGivenBack() throws IOException {
        try (QtestMachine machine = start()) {
            List<Long> addresses = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                try (PciFunction function = open(machine, "disk"); RegionOfTest region = RegionOfTest.create(3 * MIB)) {
                    for (int times = 0; times < 3; times++) {
                        addresses.add(function.map(region));
                        function.unmap(region);
                    }
                    addresses.add(function.map(region));
                }
                assertThat(addresses).doesNotHaveDuplicates();
                addresses.clear();
            }
        }
    }

    @Test
    void lineInterruptsAreNotTranslated() throws IOException {
        try (QtestMachine machine = start();
                PciFunction function = open(machine, "disk");
                RegionOfTest region = RegionOfTest.create(MIB)) {
            RawDisk disk = new RawDisk(function, region.buffer(), function.map(region));
            Intx intx = function.enableIntx();
            disk.start(ACCESS_PLATFORM, RawDisk.NO_VECTOR, RawDisk.NO_VECTOR);
            disk.requestRead(11);
            try (Arrivals arrivals = new Arrivals(intx.fd())) {
                assertThat(arrivals.await(Await.LIMIT.toNanos())).isTrue();
            }
            assertThat(disk.data()).isEqualTo(TestDisk.sector(11));
            assertThat(disk.isr()).isOne();
        }
    }
}
