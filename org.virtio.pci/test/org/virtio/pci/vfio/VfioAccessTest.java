// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.vfio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.virtio.pci.sysfs.FakeSysfs.ADDRESS;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.virtio.pci.access.PciAddress;
import org.virtio.pci.sysfs.FakeSysfs;
import org.virtio.pci.sysfs.NothingOpen;
import org.virtio.pci.sysfs.SysfsNode;

/** What it says where VFIO cannot be used; whether it can use VFIO shows in a machine that has it. */
@ExtendWith(NothingOpen.class)
class VfioAccessTest {
    private FakeSysfs fake;
    private VfioAccess access;

    @BeforeEach
    void lay(@TempDir Path root) throws Exception {
        fake = new FakeSysfs(root).memoryBar(4, 0xfebd_4000L, 0x4000);
        Files.createDirectories(fake.dev().resolve("vfio"));
        access = new VfioAccess(fake.sys(), fake.dev());
    }

    @ParameterizedTest
    @ValueSource(strings = {"vfio-pci", "virtio_vfio_pci", "mlx5_vfio_pci"})
    void reachesFunctionsOfVfio(String driver) throws Exception {
        assertThat(access.name()).isEqualTo("vfio");
        assertThat(access.reaches(ADDRESS)).isFalse();
        fake.bind(driver);
        assertThat(access.reaches(ADDRESS)).isTrue();
        assertThat(access.reaches(PciAddress.parse("0000:00:06.0"))).isFalse();
    }

    @Test
    void saysHowToBindAFunction() throws Exception {
        assertThatIOException().isThrownBy(() -> access.open(ADDRESS)).withMessageContaining("bound to no driver")
            .withMessageContaining("modprobe vfio-pci; echo vfio-pci > " + fake.file("driver_override"));
        fake.bind("virtio-pci");
        assertThat(access.reaches(ADDRESS)).isFalse();
        assertThatIOException().isThrownBy(() -> access.open(ADDRESS)).withMessageContaining("bound to virtio-pci")
            .withMessageContaining("echo 0000:00:05.0 > " + fake.file("driver/unbind"));
        assertThatIOException().isThrownBy(() -> access.open(PciAddress.parse("0000:00:06.0")))
            .withMessageContaining("no PCI function");
    }

    @Test
    void saysThatThereIsNoIommu() throws Exception {
        fake.bind("vfio-pci");
        assertThatIOException().isThrownBy(() -> access.open(ADDRESS)).withMessageContaining("no IOMMU group")
            .withMessageContaining("intel_iommu=on");
    }

    @Test
    void saysWhatIsMissing() throws Exception {
        fake.bind("vfio-pci").group("7", "DMA", ADDRESS.toString());
        assertThatIOException().isThrownBy(() -> access.open(ADDRESS)).withMessageContaining("vfio/vfio is not there")
            .withMessageContaining("modprobe vfio-pci");
        Files.createFile(fake.dev().resolve("vfio/vfio"));
        assertThatIOException().isThrownBy(() -> access.open(ADDRESS)).as("a file that is no device")
            .withMessageContaining("0x3b64").withMessageContaining("ENOTTY");
        assertThatIOException().isThrownBy(() -> access.open(ADDRESS)).as("it may be tried again")
            .withMessageContaining("0x3b64");
    }

    @Test
    void knowsWhoIsInAGroup() throws Exception {
        fake.addFunction("0000:00:06.0");
        fake.addFunction("0000:00:07.0");
        Files.writeString(fake.addFunction("0000:00:08.0").resolve("class"), "0x060400\n");
        fake.bind("vfio-pci").bind("0000:00:06.0", "e1000e").bind("0000:00:08.0", "shpchp")
            .group("7", "DMA", ADDRESS.toString(), "0000:00:06.0", "0000:00:07.0", "0000:00:08.0");
        assertThat(new SysfsNode(fake.sys(), ADDRESS).iommuGroup().obstacles()).map(Object::toString)
            .containsExactly("0000:00:06.0 is bound to e1000e");
    }
}
