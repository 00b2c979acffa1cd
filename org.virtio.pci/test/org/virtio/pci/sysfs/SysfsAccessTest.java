// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.sysfs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.virtio.pci.sysfs.FakeSysfs.ADDRESS;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.virtio.pci.access.PciAddress;
import org.virtio.pci.access.PciFunction;
import org.virtio.pci.access.Registers;
import org.virtio.pci.capability.ConfigHeaderLayout;

@ExtendWith(NothingOpen.class)
class SysfsAccessTest {
    private static final int COMMAND = 4;
    private static final int MEMORY = 2;

    private FakeSysfs fake;
    private SysfsAccess access;

    @BeforeEach
    void lay(@TempDir Path root) throws Exception {
        fake = new FakeSysfs(root).memoryBar(4, 0xfebd_4000L, 0x4000).ioBar(0, 0xc040, 0x40);
        access = new SysfsAccess(fake.sys());
    }

    @Test
    void reachesFunctionsWithoutADriver() throws Exception {
        assertThat(access.name()).isEqualTo("sysfs");
        assertThat(access.reaches(ADDRESS)).isTrue();
        assertThat(access.reaches(PciAddress.parse("0000:00:06.0"))).isFalse();
        fake.bind("virtio-pci");
        assertThat(access.reaches(ADDRESS)).isFalse();
    }

    @Test
    void hasConfigurationSpace() throws Exception {
        try (PciFunction function = access.open(ADDRESS)) {
            assertThat(function.config().size()).isEqualTo(256);
            assertThat(function.config().read32(0)).isEqualTo(0x1042_1af4);
            function.config().write16(COMMAND, MEMORY);
            assertThat(fake.command()).isEqualTo(MEMORY);
        }
    }

    @Test
    void mapsMemoryAndReadsAndWritesPorts() throws Exception {
        try (PciFunction function = access.open(ADDRESS)) {
            Registers memory = function.bar(4);
            assertThat(memory.size()).isEqualTo(0x4000);
            memory.write32(0x3ffc, 0x0102_0304);
            assertThat(Files.readAllBytes(fake.file("resource4"))).endsWith(4, 3, 2, 1);
            assertThat(function.bar(4)).isSameAs(memory);
            Registers ports = function.bar(0);
            assertThat(ports.size()).isEqualTo(0x40);
            ports.write16(0x3e, 0x0506);
            assertThat(Files.readAllBytes(fake.file("resource0"))).endsWith(6, 5);
            assertThat(function.isIoBar(0)).isTrue();
            assertThat(function.isIoBar(4)).isFalse();
            assertThat(function.isIoBar(1)).isFalse();
        }
    }

    @Test
    void saysWhatItCannotReach() throws Exception {
        fake.memoryBar(2, 0xfebd_8100L, 0x100);
        try (PciFunction function = access.open(ADDRESS)) {
            assertThatIOException().isThrownBy(() -> function.bar(1)).withMessageContaining("nothing behind");
            assertThatIOException().isThrownBy(() -> function.bar(2)).withMessageContaining("within a page");
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> function.bar(6));
            Files.delete(fake.file("resource4"));
            assertThatIOException().isThrownBy(() -> function.bar(4)).withMessageContaining("resource4 is not there");
            Files.writeString(fake.file("resource"), "nonsense\n");
            assertThatIOException().isThrownBy(() -> function.isIoBar(0)).withMessageContaining("nonsense");
            assertThatIOException().isThrownBy(() -> function.isIoBar(1)).withMessageContaining("has 1 lines");
        }
    }

    @Test
    void cutsTheFunctionOffWhenClosed() throws Exception {
        PciFunction function = access.open(ADDRESS);
        Registers memory = function.bar(4);
        fake.command(fake.command() | ConfigHeaderLayout.COMMAND_BUS_MASTER);
        memory.write32(0, 1);
        function.close();
        function.close();
        assertThat(fake.command()).isEqualTo(3 | ConfigHeaderLayout.COMMAND_INTX_DISABLE);
        assertThat(memory.read32(0)).as("not the function's any more").isZero();
        assertThatIOException().isThrownBy(() -> function.config().read8(0));
    }

    @Test
    void leavesTheCommandRegisterOfARemovedFunctionAlone() throws Exception {
        PciFunction function = access.open(ADDRESS);
        fake.command(0xffff);
        function.close();
        assertThat(fake.command()).isEqualTo(0xffff);
    }

    @Test
    void enablesTheFunctionForAsLongAsItIsOpen() throws Exception {
        try (PciFunction function = access.open(ADDRESS)) {
            assertThat(fake.file("enable")).hasContent("1\n");
            assertThat(function.config().read16(COMMAND)).isEqualTo(3 | ConfigHeaderLayout.COMMAND_INTX_DISABLE);
        }
        assertThat(fake.file("enable")).hasContent("0\n");
    }

    @Test
    void closesAFunctionThatIsThereNoMore() throws Exception {
        PciFunction function = access.open(ADDRESS);
        Path elsewhere = Files.move(fake.file("config").getParent(), fake.dev().resolve("removed"));
        function.close();
        assertThat(elsewhere.resolve("enable")).as("not written").hasContent("1\n");
    }

    @Test
    void leavesAFunctionEnabledThatWasSo() throws Exception {
        Files.writeString(fake.file("enable"), "2\n");
        access.open(ADDRESS).close();
        assertThat(fake.file("enable")).hasContent("2\n");
    }

    @Test
    void hasNoInterrupts() throws Exception {
        try (PciFunction function = access.open(ADDRESS)) {
            assertThat(function.vectors()).isZero();
            assertThat(function.hasIntx()).isFalse();
            assertThat(function.removalRequest()).isNull();
            assertThatIOException().isThrownBy(function::enableIntx).withMessageContaining("no INTx");
            assertThatIOException().isThrownBy(() -> function.enableVectors(List.of())).withMessageContaining("need vfio-pci");
            function.disableInterrupts();
            assertThat(function.details()).containsEntry("iommu", "none").containsEntry("memory regions", List.of());
            assertThat(function.regionLimits().hugePages()).isTrue();
        }
    }

    @Test
    void opensAFunctionOnce() throws Exception {
        try (PciFunction function = access.open(ADDRESS)) {
            assertThatIOException().isThrownBy(() -> access.open(ADDRESS)).withMessageContaining("is open already");
            assertThat(function.config().read8(0)).isEqualTo(0xf4);
        }
        access.open(ADDRESS).close();
    }

    @Test
    void saysThatThereIsNoSuchFunction() {
        assertThatIOException().isThrownBy(() -> access.open(PciAddress.parse("0000:00:06.0")))
            .withMessageContaining("no PCI function 0000:00:06.0").withMessageContaining("lspci -D");
    }

    @Test
    void saysHowToTakeAFunctionFromItsDriver() throws Exception {
        fake.bind("virtio-pci");
        assertThatIOException().isThrownBy(() -> access.open(ADDRESS)).withMessageContaining("bound to virtio-pci")
            .withMessageEndingWith("virtio:bind 0000:00:05.0 --driver none --yes");
        assertThat(access.reaches(ADDRESS)).isFalse();
    }

    @Test
    void aFunctionThatMayGetADriverAtAnyMomentIsNotOpened() throws Exception {
        assertThat(access.reaches(ADDRESS)).isTrue();
        Files.writeString(fake.file("driver_override"), "(null)\n");
        assertThat(access.reaches(ADDRESS)).isFalse();
        assertThatIOException().isThrownBy(() -> access.open(ADDRESS)).withMessageContaining("may get one at any moment");
    }

    /** Virtio's own driver has reset the function, so that it writes to nothing that it was given here. */
    @ParameterizedTest
    @CsvSource({", 3, true", "virtio-pci, 7, true", "vfio-pci, 3, false", "uio_pci_generic, 3, false", "pci-stub, 3, false",
        "virtio-of-another-kind, 7, false"})
    void whatIsCertainOfAFunctionDependsOnWhoHasTakenIt(String driver, int command, boolean certain) throws Exception {
        SysfsFunction function = (SysfsFunction) access.open(ADDRESS);
        fake.command(7);
        if (driver != null) {
            fake.bind(driver);
        }
        assertThat(function.cutOff()).isEqualTo(certain);
        assertThat(fake.command() & 7).isEqualTo(command);
        function.close();
        assertThat(function.isQuiet()).isEqualTo(certain);
    }

    @Test
    void aFunctionThatIsGoneWritesNoMore() throws Exception {
        SysfsFunction function = (SysfsFunction) access.open(ADDRESS);
        Files.move(fake.file("config").getParent(), fake.dev().resolve("removed"));
        assertThat(function.cutOff()).isTrue();
        function.close();
        assertThat(function.isQuiet()).isTrue();
    }

    @Test
    void refusesAFunctionWhoseAddressesAreTranslated() throws Exception {
        fake.group("7", "DMA-FQ", ADDRESS.toString());
        assertThatIOException().isThrownBy(() -> access.open(ADDRESS)).withMessageContaining("group 7, type DMA-FQ")
            .withMessageContaining("use vfio-pci").withMessageContaining("echo vfio-pci > " + fake.file("driver_override"));
    }

    @Test
    void takesAFunctionWhoseAddressesAreNot() throws Exception {
        fake.group("7", "identity", ADDRESS.toString());
        access.open(ADDRESS).close();
        assertThat(fake.file("enable")).hasContent("0\n");
    }

    @Test
    void leavesNothingOpenWhenItFails() throws Exception {
        Files.delete(fake.file("config"));
        assertThatIOException().isThrownBy(() -> access.open(ADDRESS)).withMessageContaining("config is not there");
        assertThat(fake.file("enable")).as("disabled again").hasContent("0\n");
        Files.write(fake.file("config"), new byte[64]);
        assertThatIOException().isThrownBy(() -> access.open(ADDRESS)).withMessageContaining("CAP_SYS_ADMIN");
        Files.write(fake.file("config"), new byte[256]);
        access.open(ADDRESS).close();
    }
}
