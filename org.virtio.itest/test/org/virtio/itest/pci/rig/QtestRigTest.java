// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.virtio.itest.support.Await;
import org.virtio.pci.access.Intx;
import org.virtio.pci.access.PciAddress;
import org.virtio.pci.access.PciFunction;
import org.virtio.pci.access.Registers;
import org.virtio.posix.EventFd;

class QtestRigTest extends RigFixture {
    private static final long LIMIT_NANOS = Await.LIMIT.toNanos();
    private static final int VIRTIO = 0x1af4;
    private static final int ISR_QUEUE = 1;
    private static final int ISR_CONFIG = 2;

    private QtestMachine.Builder withDisk(String options) throws IOException {
        return QtestMachine.builder().blockdev(node("f0")).device("virtio-blk-pci,id=disk,drive=f0," + options);
    }

    @Test
    void virtioFunctionsOfAllKindsAreFound() throws IOException {
        try (QtestMachine machine = withDisk("disable-legacy=on")
                .blockdev("driver=null-co,node-name=f1,size=1048576")
                .device("virtio-blk-pci,id=old,drive=f1,disable-legacy=off")
                .option("-netdev", "hubport,hubid=0,id=h0").device("virtio-net-pci,id=net,netdev=h0,disable-legacy=on")
                .device("virtio-scsi-pci,id=scsi,disable-legacy=on").device("virtio-rng-pci,id=rng,disable-legacy=on")
                .device("pcie-pci-bridge,id=bridge").device("virtio-rng-pci,id=behind,bus=bridge,addr=3").start()) {
            assertFunction(machine, "disk", 0x1042, false);
            assertFunction(machine, "old", 0x1001, true);
            assertFunction(machine, "net", 0x1041, false);
            assertFunction(machine, "scsi", 0x1048, false);
            assertFunction(machine, "rng", 0x1044, false);
            assertFunction(machine, "behind", 0x1005, true);
        }
    }

    private static void assertFunction(QtestMachine machine, String id, int device, boolean transitional) throws IOException {
        assertThat(machine.access().reaches(machine.address(id))).isTrue();
        try (PciFunction function = open(machine, id)) {
            assertThat(function.config().read16(0)).isEqualTo(VIRTIO);
            assertThat(function.config().read16(2)).isEqualTo(device);
            assertThat(function.isIoBar(0)).isEqualTo(transitional);
            assertThat(function.hasIntx()).isTrue();
            assertThat(function.vectors()).isPositive();
            assertThat(VirtioStructure.of(function)).extracting(VirtioStructure::type).containsExactlyInAnyOrder(5, 2, 4, 3, 1);
            function.config().write16(PciLayout.COMMAND, PciLayout.COMMAND_ALL);
            Registers common = VirtioStructure.of(function, VirtioStructure.COMMON).registers(function);
            common.write8(20, 1);
            common.write8(20, 3);
            assertThat(common.read8(20)).isEqualTo(3);
            assertThat(machine.oracle(id).status()).containsExactly("ACKNOWLEDGE", "DRIVER");
            if (transitional) {
                assertThat(function.bar(0).read8(18)).as("status by legacy ports").isEqualTo(3);
                function.bar(0).write8(18, 0);
                assertThat(common.read8(20)).isZero();
            }
        }
    }

    @Test
    void functionsOfUnusualShapesAreFound() throws IOException {
        try (QtestMachine machine = QtestMachine.builder().rootPort("port0").blockdev(node("f0"))
                .device("virtio-blk-pci,id=wide,bus=port0,drive=f0,page-per-vq=on,modern-pio-notify=on")
                .device("virtio-rng-pci,id=bare,vectors=0").start()) {
            try (PciFunction wide = open(machine, "wide"); PciFunction bare = open(machine, "bare")) {
                assertThat(wide.config().size()).isEqualTo(4096);
                assertThat(VirtioStructure.of(wide)).extracting(VirtioStructure::bar).filteredOn(bar -> isPorts(wide, bar))
                    .hasSize(1);
                wide.config().write16(PciLayout.COMMAND, PciLayout.COMMAND_ALL);
                assertThat(wide.bar(4).size()).isEqualTo(8 * MIB);
                Registers common = VirtioStructure.of(wide, VirtioStructure.COMMON).registers(wide);
                common.write8(20, 1);
                assertThat(common.read8(20)).isOne();
                assertThat(bare.config().size()).isEqualTo(256);
                assertThat(bare.vectors()).isZero();
                assertThatThrownBy(() -> bare.enableVectors(List.of())).isInstanceOf(IOException.class)
                    .hasMessageContaining("0 vectors");
                machine.requestRemoval("bare");
                assertThat(bare.removalRequest().drain()).isTrue();
                assertThat(wide.removalRequest().drain()).isFalse();
            }
        }
    }

    private static boolean isPorts(PciFunction function, int bar) {
        try {
            return function.isIoBar(bar);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void sectorIsReadIntoMappedMemoryAndAMessageComes() throws IOException {
        try (QtestMachine machine = withDisk("disable-legacy=on").start();
                PciFunction function = open(machine, "disk");
                RegionOfTest unused = RegionOfTest.create(64 * MIB);
                RegionOfTest region = RegionOfTest.create(2 * MIB);
                EventFd configuration = EventFd.create();
                EventFd queue = EventFd.create()) {
            function.map(unused);
            RawDisk disk = new RawDisk(function, region.buffer(), function.map(region));
            function.enableVectors(List.of(configuration, queue));
            disk.start(0, 0, 1);
            assertThat(machine.oracle("disk").status()).containsExactly("ACKNOWLEDGE", "DRIVER", "DRIVER_OK", "FEATURES_OK");
            for (int sector = 0; sector < TestDisk.SECTORS; sector++) {
                disk.requestRead(sector);
                assertThat(queue.await(LIMIT_NANOS)).isTrue();
                assertThat(disk.isUsed()).isTrue();
                assertThat(disk.result()).isZero();
                assertThat(disk.data()).isEqualTo(TestDisk.sector(sector));
            }
            VirtioOracle.Queue seen = machine.oracle("disk").queue(0);
            assertThat(seen.used()).isEqualTo(TestDisk.SECTORS);
            assertThat(seen.inUse()).isZero();
            assertThat(configuration.drain()).isFalse();
            machine.execute("block_resize", Map.of("node-name", "f0", "size", MIB));
            assertThat(configuration.await(LIMIT_NANOS)).isTrue();
            assertThat(queue.drain()).isFalse();
            function.disableInterrupts();
            disk.requestRead(7);
            Await.until("the sector is read", disk::isUsed);
            assertThat(queue.drain()).isFalse();
        }
    }

    @Test
    void lineInterruptArrivesOnceUntilItIsUnmasked() throws IOException {
        try (QtestMachine machine = withDisk("disable-legacy=on").start();
                PciFunction function = open(machine, "disk");
                RegionOfTest region = RegionOfTest.create(2 * MIB)) {
            RawDisk disk = new RawDisk(function, region.buffer(), function.map(region));
            Intx intx = function.enableIntx();
            assertThatThrownBy(function::enableIntx).isInstanceOf(IOException.class).hasMessageContaining("already");
            disk.start(0, RawDisk.NO_VECTOR, RawDisk.NO_VECTOR);
            for (int sector = 1; sector < 50; sector++) {
                disk.requestRead(sector);
                assertThat(arrives(intx)).isTrue();
                intx.take();
                assertThat(disk.data()).isEqualTo(TestDisk.sector(sector));
                assertThat(disk.isr()).isEqualTo(ISR_QUEUE);
                intx.unmask();
            }
            assertThat(isReadable(intx)).isFalse();
            disk.requestRead(3);
            assertThat(arrives(intx)).isTrue();
            intx.take();
            machine.execute("block_resize", Map.of("node-name", "f0", "size", MIB));
            function.config().write16(PciLayout.COMMAND, PciLayout.COMMAND_ALL);
            assertThat(isReadable(intx)).as("masked").isFalse();
            intx.unmask();
            assertThat(isReadable(intx)).as("still raised").isTrue();
            intx.take();
            assertThat(disk.isr()).isEqualTo(ISR_QUEUE | ISR_CONFIG);
            intx.unmask();
            assertThat(isReadable(intx)).isFalse();
            function.disableInterrupts();
            disk.requestRead(4);
            Await.until("the sector is read", disk::isUsed);
            function.enableIntx();
            disk.isr();
        }
    }

    private static boolean arrives(Intx intx) throws IOException {
        try (Arrivals arrivals = new Arrivals(intx.fd())) {
            return arrivals.await(LIMIT_NANOS);
        }
    }

    private static boolean isReadable(Intx intx) throws IOException {
        try (Arrivals arrivals = new Arrivals(intx.fd())) {
            return arrivals.await(0);
        }
    }

    @Test
    void functionsThatShareALineAllGetTheirInterrupts() throws Exception {
        try (QtestMachine machine = withDisk("disable-legacy=on,addr=4")
                .blockdev(node("f1"))
                .device("virtio-blk-pci,id=disk1,drive=f1,disable-legacy=on,addr=8").start();
                LineReader first = new LineReader(open(machine, "disk"));
                LineReader second = new LineReader(open(machine, "disk1"))) {
            Thread other = new Thread(() -> second.read(TestDisk.SECTORS), "second reader");
            other.start();
            first.read(TestDisk.SECTORS);
            other.join(Await.LIMIT.toMillis());
            assertThat(first.failure()).isNull();
            assertThat(second.failure()).isNull();
            assertThat(second.done()).isEqualTo(TestDisk.SECTORS);
        }
    }

    @Test
    void memoryIsTakenAwayAndMoreIsMappedThanTheMachineHasSlots() throws IOException {
        try (QtestMachine machine = withDisk("disable-legacy=on").start(); PciFunction function = open(machine, "disk")) {
            List<Long> addresses = new ArrayList<>();
            for (int i = 0; i < GuestMemory.MODULES + 44; i++) {
                try (RegionOfTest region = RegionOfTest.create(4096 * (1 + i % 5))) {
                    addresses.add(function.map(region));
                    assertThatThrownBy(() -> function.map(region)).hasMessageContaining("mapped already");
                    RawDisk disk = new RawDisk(function, region.buffer(), addresses.get(i));
                    if (region.size() > 4 * 4096) {
                        disk.start(0, RawDisk.NO_VECTOR, RawDisk.NO_VECTOR);
                        disk.requestRead(i % TestDisk.SECTORS);
                        Await.until("the sector is read", disk::isUsed);
                        assertThat(disk.data()).isEqualTo(TestDisk.sector(i % TestDisk.SECTORS));
                        disk.status(0);
                    }
                    function.unmap(region);
                    function.unmap(region);
                }
            }
            assertThat(addresses).doesNotHaveDuplicates();
            assertThat((List<?>) machine.execute("query-memory-devices", Map.of())).isEmpty();
        }
    }

    @Test
    void memoryThatWasTakenAwayIsNotWritten() throws IOException {
        try (QtestMachine machine = withDisk("disable-legacy=on").start();
                PciFunction function = open(machine, "disk");
                RegionOfTest ring = RegionOfTest.create(2 * MIB);
                RegionOfTest data = RegionOfTest.create(2 * MIB)) {
            RawDisk disk = new RawDisk(function, ring.buffer(), function.map(ring));
            long address = function.map(data);
            disk.start(0, RawDisk.NO_VECTOR, RawDisk.NO_VECTOR);
            disk.requestRead(5, address);
            Await.until("the sector is read", disk::isUsed);
            assertThat(data.buffer().get(100)).isEqualTo((byte) 5);
            function.unmap(data);
            disk.requestRead(6, address);
            Await.until("the sector is read", disk::isUsed);
            assertThat(data.buffer().get(100)).isEqualTo((byte) 5);
        }
    }

    @Test
    void functionIsOpenedOnceAtATime() throws IOException {
        try (QtestMachine machine = withDisk("disable-legacy=on").start()) {
            PciAddress address = machine.address("disk");
            try (PciFunction function = machine.access().open(address)) {
                assertThat(function.details()).containsEntry("access", "qtest").containsEntry("iommu", false);
                assertThatThrownBy(() -> machine.access().open(address)).isInstanceOf(IOException.class)
                    .hasMessageContaining("open already");
                assertThatThrownBy(() -> function.bar(3)).isInstanceOf(IOException.class)
                    .hasMessageContaining("base address register 3");
            }
            machine.access().open(address).close();
            PciAddress nothing = PciAddress.parse("0000:00:1d.7");
            assertThat(machine.access().reaches(nothing)).isFalse();
            assertThatThrownBy(() -> machine.access().open(nothing)).isInstanceOf(IOException.class)
                .hasMessageContaining("no function 0000:00:1d.7");
        }
    }

    @Test
    void deadMachineIsToldOf() throws IOException {
        try (QtestMachine machine = withDisk("disable-legacy=on").start();
                PciFunction function = open(machine, "disk");
                RegionOfTest region = RegionOfTest.create(2 * MIB)) {
            function.map(region);
            machine.kill();
            assertThatThrownBy(() -> function.config().read32(0)).isInstanceOf(IOException.class)
                .hasMessageContaining("ended with");
            assertThatThrownBy(() -> function.unmap(region)).isInstanceOf(IOException.class);
        }
    }

    @Test
    void machineThatDoesNotStartSaysWhy() {
        assertThatThrownBy(() -> withDisk("nonsense=on").start()).isInstanceOf(IOException.class)
            .hasMessageContaining("Property 'virtio-blk-pci.nonsense' not found");
    }
}
