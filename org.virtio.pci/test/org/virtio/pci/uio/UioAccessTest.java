// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.uio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.virtio.pci.sysfs.FakeSysfs.ADDRESS;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.virtio.pci.access.Intx;
import org.virtio.pci.access.PciAddress;
import org.virtio.pci.access.PciFunction;
import org.virtio.pci.capability.ConfigHeaderLayout;
import org.virtio.pci.sysfs.FakeSysfs;
import org.virtio.pci.sysfs.NothingOpen;
import org.virtio.posix.Epoll;

/** The device file is a pipe, into which the test writes what the kernel would. */
@ExtendWith(NothingOpen.class)
class UioAccessTest {
    private FakeSysfs fake;
    private UioAccess access;

    @BeforeEach
    void lay(@TempDir Path root) throws Exception {
        fake = new FakeSysfs(root).memoryBar(4, 0xfebd_4000L, 0x4000).bind("uio_pci_generic");
        Files.createDirectories(fake.file("uio/uio3"));
        Process mkfifo = new ProcessBuilder("mkfifo", fake.dev().resolve("uio3").toString()).start();
        assertThat(mkfifo.waitFor()).isZero();
        access = new UioAccess(fake.sys(), fake.dev());
    }

    @Test
    void reachesFunctionsOfUioPciGeneric() throws Exception {
        assertThat(access.name()).isEqualTo("uio");
        assertThat(access.reaches(ADDRESS)).isTrue();
        Files.delete(fake.file("driver"));
        assertThat(access.reaches(ADDRESS)).isFalse();
        fake.bind("vfio-pci");
        assertThat(access.reaches(ADDRESS)).isFalse();
        assertThat(access.reaches(PciAddress.parse("0000:00:06.0"))).isFalse();
    }

    @Test
    void hasRegistersThroughSysfs() throws Exception {
        try (PciFunction function = access.open(ADDRESS)) {
            function.bar(4).write8(0, 0x5a);
            assertThat(Files.readAllBytes(fake.file("resource4"))).startsWith(0x5a, 0);
            assertThat(function.config().read16(0)).isEqualTo(0x1af4);
            assertThat(function.vectors()).isZero();
            assertThat(function.removalRequest()).isNull();
        }
        assertThat(fake.file("enable")).as("the kernel's driver's business").hasContent("0\n");
    }

    @Test
    void hasTheInterrupt() throws Exception {
        fake.command(ConfigHeaderLayout.COMMAND_INTX_DISABLE | 3);
        try (RandomAccessFile kernel = new RandomAccessFile(fake.dev().resolve("uio3").toFile(), "rw");
                PciFunction function = access.open(ADDRESS)) {
            assertThat(function.hasIntx()).isTrue();
            kernel.write(new byte[] {1, 0, 0, 0});
            Intx intx = function.enableIntx();
            assertThat(fake.command()).as("unmasked").isEqualTo(3);
            assertThat(readable(intx)).as("what came before").isFalse();

            fake.command(ConfigHeaderLayout.COMMAND_INTX_DISABLE | 3);
            kernel.write(new byte[] {2, 0, 0, 0});
            assertThat(readable(intx)).isTrue();
            intx.take();
            assertThat(readable(intx)).isFalse();
            intx.take();
            intx.unmask();
            assertThat(fake.command()).isEqualTo(3);

            function.disableInterrupts();
            function.disableInterrupts();
            assertThat(fake.command()).isEqualTo(ConfigHeaderLayout.COMMAND_INTX_DISABLE | 3);
        }
    }

    private static boolean readable(Intx intx) throws Exception {
        try (Epoll epoll = Epoll.create()) {
            epoll.add(intx.fd(), Epoll.IN, intx);
            return epoll.wait(0, (token, events) -> assertThat(events & Epoll.IN).isNotZero()) > 0;
        }
    }

    @Test
    void knowsThatThereIsNoInterrupt() throws Exception {
        Files.writeString(fake.file("irq"), "0\n");
        try (PciFunction function = access.open(ADDRESS)) {
            assertThat(function.hasIntx()).isFalse();
            assertThatIOException().isThrownBy(function::enableIntx).withMessageContaining("no INTx");
        }
        Files.delete(fake.file("irq"));
        try (PciFunction function = access.open(ADDRESS)) {
            assertThat(function.hasIntx()).isFalse();
        }
    }

    @Test
    void cutsTheFunctionOffWhenClosed() throws Exception {
        PciFunction function = access.open(ADDRESS);
        fake.command(7);
        function.close();
        function.close();
        assertThat(fake.command()).isEqualTo(3 | ConfigHeaderLayout.COMMAND_INTX_DISABLE);
    }

    @Test
    void cutsOffAFunctionThatWasTakenFromItAndLeftAlone() throws Exception {
        PciFunction function = access.open(ADDRESS);
        fake.command(7);
        Files.delete(fake.file("driver"));
        function.close();
        assertThat(fake.command()).isEqualTo(3 | ConfigHeaderLayout.COMMAND_INTX_DISABLE);
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
    void saysHowToBindAFunction() throws Exception {
        Files.delete(fake.file("driver"));
        assertThatIOException().isThrownBy(() -> access.open(ADDRESS)).withMessageContaining("bound to no driver")
            .withMessageContaining("modprobe uio_pci_generic").withMessageContaining("drivers_probe")
            .withMessageNotContaining("unbind");
        fake.bind("virtio-pci");
        assertThatIOException().isThrownBy(() -> access.open(ADDRESS)).withMessageContaining("bound to virtio-pci")
            .withMessageContaining("echo 0000:00:05.0 > " + fake.file("driver/unbind"));
        assertThatIOException().isThrownBy(() -> access.open(PciAddress.parse("0000:00:06.0")))
            .withMessageContaining("no PCI function");
    }

    @Test
    void refusesAFunctionWhoseAddressesAreTranslated() throws Exception {
        fake.group("7", "DMA", ADDRESS.toString());
        assertThatIOException().isThrownBy(() -> access.open(ADDRESS)).withMessageContaining("use vfio-pci");
    }

    @Test
    void leavesNothingOpenWhenItFails() throws Exception {
        Files.delete(fake.file("config"));
        assertThatIOException().isThrownBy(() -> access.open(ADDRESS)).withMessageContaining("config is not there");
        Files.delete(fake.dev().resolve("uio3"));
        assertThatIOException().isThrownBy(() -> access.open(ADDRESS)).withMessageContaining("uio3 is not there");
        Files.delete(fake.file("uio/uio3"));
        assertThatIOException().isThrownBy(() -> access.open(ADDRESS)).withMessageContaining("is empty");
    }
}
