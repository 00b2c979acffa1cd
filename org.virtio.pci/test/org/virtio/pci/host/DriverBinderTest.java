// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.virtio.device.DeviceAddress;
import org.virtio.device.VirtioException;
import org.virtio.host.HostDeviceDTO;

/** Functions that are handed over and given back. */
class DriverBinderTest {
    private static final DeviceAddress ADDRESS = DeviceAddress.parse("pci:0000:00:02.0");
    private static final String DIRECTORY = "bus/pci/devices/0000:00:02.0/";

    @TempDir
    private Path root;
    private FakeHost host;
    private Path function;
    private boolean open;

    @BeforeEach
    void boot() {
        host = new FakeHost(root);
        function = host.bound("0000:00:02.0", 0x1042);
        FakeHost.file(host.proc, "sys/vm/nr_hugepages", "64");
    }

    private PciHostDevices devices(SysfsWriter writer) {
        return host.devices(address -> open, writer, Duration.ofMillis(50));
    }

    private HostDeviceDTO bind(String driver) throws VirtioException {
        return devices(host).bind(ADDRESS, driver);
    }

    private HostDeviceDTO unbind() throws VirtioException {
        return devices(host).unbind(ADDRESS);
    }

    private String driver() {
        return new PciSysfs(host.sysfs).driver(PciSysfs.address("0000:00:02.0"));
    }

    private String override() {
        return new PciSysfs(host.sysfs).node(PciSysfs.address("0000:00:02.0")).driverOverride();
    }

    private void assertAsItWas() {
        assertThat(driver()).isEqualTo("virtio-pci");
        assertThat(override()).isEmpty();
    }

    @Test
    void bindsInTheOrderThatLeavesNoOtherDriverAChance() throws Exception {
        host.driver("uio_pci_generic");
        HostDeviceDTO dto = bind(null);
        assertThat(dto.driver).isEqualTo("uio_pci_generic");
        assertThat(dto.ready).isTrue();
        assertThat(host.written).containsExactly("uio_pci_generic > " + DIRECTORY + "driver_override",
            "0000:00:02.0 > " + DIRECTORY + "driver/unbind", "0000:00:02.0 > bus/pci/drivers_probe");
    }

    @Test
    void theBestDriverBehindAnIommuIsVfio() throws Exception {
        host.group("7", "DMA", function);
        host.driver("vfio-pci");
        HostDeviceDTO dto = bind(null);
        assertThat(dto.driver).isEqualTo("vfio-pci");
        assertThat(dto.ready).isTrue();
    }

    @Test
    void whatIsBoundAlreadyIsNotTouched() throws Exception {
        host.bind(function, "uio_pci_generic");
        assertThat(bind("uio_pci_generic").ready).isTrue();
        assertThat(host.written).isEmpty();
    }

    @Test
    void oneDriverForProcessesMayFollowAnother() throws Exception {
        host.bind(function, "uio_pci_generic");
        host.group("7", "DMA", function);
        host.driver("vfio-pci");
        assertThat(bind("vfio-pci").driver).isEqualTo("vfio-pci");
    }

    @Test
    void noDriverIsAChoiceToo() throws Exception {
        HostDeviceDTO dto = bind("none");
        assertThat(dto.driver).isNull();
        assertThat(dto.ready).isTrue();
        assertThat(override()).as("so that no driver takes it later").isEqualTo("none");
        assertThat(host.told).as("the kernel tells of it").isEmpty();
    }

    @Test
    void aFunctionWithoutADriverIsToldOfSinceTheKernelDoesNot() throws Exception {
        Files.delete(function.resolve("driver"));
        assertThat(bind("none").ready).isTrue();
        assertThat(bind("none").ready).as("again").isTrue();
        assertThat(host.told).containsExactly("appeared 0000:00:02.0", "appeared 0000:00:02.0");
    }

    @Test
    void anUnknownDriverIsRefusedByThoseThatThereAre() {
        assertThatThrownBy(() -> bind("nvme")).isInstanceOf(IllegalArgumentException.class)
            .hasMessage("'nvme' is no driver to choose; there are: vfio-pci, uio_pci_generic, none");
    }

    @Test
    void whereThereIsNoDeviceNothingIsBound() {
        assertThatThrownBy(() -> devices(host).bind(DeviceAddress.parse("pci:0000:00:09.0"), null))
            .isInstanceOf(VirtioException.class).hasMessage("there is no virtio device at pci:0000:00:09.0");
        assertThatThrownBy(() -> devices(host).unbind(DeviceAddress.parse("pci:0000:00:09.0")))
            .isInstanceOf(VirtioException.class).hasMessage("there is no virtio device at pci:0000:00:09.0");
        assertThatThrownBy(() -> devices(host).bind(DeviceAddress.parse("pci:5"), null))
            .isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith("'5' is no PCI address");
    }

    @Test
    void whatIsInUseIsNotBound() {
        host.driver("uio_pci_generic");
        host.disk(function.resolve("virtio0/block"), "vda", "254:0", null);
        host.mounts("254:0 / ext4 /dev/vda");
        assertThatThrownBy(() -> bind(null)).isInstanceOf(VirtioException.class)
            .hasMessage("pci:0000:00:02.0 is in use: /dev/vda is mounted on /");
        assertThat(host.written).isEmpty();
    }

    @Test
    void whatIsAttachedIsNeitherBoundNorGivenBack() {
        host.bind(function, "uio_pci_generic");
        open = true;
        assertThatThrownBy(() -> bind("none")).isInstanceOf(VirtioException.class)
            .hasMessage("pci:0000:00:02.0 is in use: it is attached by this process");
        assertThatThrownBy(this::unbind).isInstanceOf(VirtioException.class)
            .hasMessage("pci:0000:00:02.0 is in use: it is attached by this process");
        assertThat(host.written).isEmpty();
    }

    @Test
    void aLegacyDeviceIsNotBound() {
        FakeHost.file(function, "config", Config.legacy());
        assertThatThrownBy(() -> bind("none")).isInstanceOf(VirtioException.class).hasMessage(
            "pci:0000:00:02.0 cannot be attached: a legacy device: it offers no VIRTIO 1.0 capabilities");
    }

    @Test
    void aGroupThatVfioWouldNotTakeIsNotBoundToIt() throws Exception {
        host.driver("vfio-pci");
        Path sound = host.function("0000:00:02.1", 0x8086, 1);
        host.bind(sound, "snd_hda_intel");
        host.group("7", "DMA", function, sound);
        assertThatThrownBy(() -> bind(null)).isInstanceOf(VirtioException.class)
            .hasMessage("pci:0000:00:02.0 cannot be bound to vfio-pci: VFIO takes IOMMU group 7 as a whole, and 0000:00:02.1 is "
                + "bound to snd_hda_intel");
        for (String driver : new String[] {"none", "uio_pci_generic"}) {
            assertThatThrownBy(() -> bind(driver)).isInstanceOf(VirtioException.class).hasMessage(
                "pci:0000:00:02.0 cannot be attached by way of " + driver
                    + ": it is behind an IOMMU that translates addresses; choose vfio-pci");
        }
        assertThat(host.written).isEmpty();
    }

    @Test
    void virtioFunctionsOfOneGroupAreBoundOneAfterTheOther() throws Exception {
        host.driver("vfio-pci");
        host.group("7", "DMA", function, host.bound("0000:00:02.1", 0x1041));
        assertThat(bind(null).ready).isFalse();
        assertThat(devices(host).bind(DeviceAddress.parse("pci:0000:00:02.1"), null).ready).isTrue();
        assertThat(devices(host).scan()).allSatisfy(dto -> assertThat(dto.ready).isTrue());
    }

    @Test
    void aDriverThatIsNotLoadedIsNamedWithTheCommandThatLoadsIt() {
        assertThatThrownBy(() -> bind("vfio-pci")).isInstanceOf(VirtioException.class)
            .hasMessage("the kernel has no driver vfio-pci loaded; load it: modprobe vfio-pci");
        assertThat(host.written).isEmpty();
    }

    @Test
    void aDriverThatDoesNotTakeItLeavesItAsItWas() {
        host.driver("vfio-pci");
        host.refusing.add("vfio-pci");
        assertThatThrownBy(() -> bind("vfio-pci")).isInstanceOf(VirtioException.class).hasMessage("vfio-pci did not take "
            + "0000:00:02.0: it is behind no IOMMU, and VFIO's mode without one is off; 0000:00:02.0 is as it was");
        assertAsItWas();
        host.driver("uio_pci_generic");
        host.refusing.add("uio_pci_generic");
        assertThatThrownBy(() -> bind("uio_pci_generic")).isInstanceOf(VirtioException.class).hasMessage("uio_pci_generic did "
            + "not take 0000:00:02.0; the kernel's log may say why: dmesg; 0000:00:02.0 is as it was");
        assertAsItWas();
    }

    @Test
    void whateverCannotBeWrittenItStaysAsItWas() {
        host.driver("uio_pci_generic");
        for (String file : new String[] {DIRECTORY + "driver/unbind", "bus/pci/drivers_probe"}) {
            host.refusing.add(file);
            assertThatThrownBy(() -> bind("uio_pci_generic")).isInstanceOf(VirtioException.class).hasMessage(
                "writing '0000:00:02.0' to " + host.sysfs.resolve(file) + " failed: Invalid argument; 0000:00:02.0 is as it was");
            assertAsItWas();
            host.refusing.clear();
        }
    }

    @Test
    void anOverrideThatWasThereIsThereAgain() {
        FakeHost.file(function, "driver_override", "virtio-pci");
        host.driver("uio_pci_generic");
        host.refusing.add("uio_pci_generic");
        assertThatThrownBy(() -> bind("uio_pci_generic")).isInstanceOf(VirtioException.class);
        assertThat(override()).isEqualTo("virtio-pci");
        assertThat(driver()).isEqualTo("virtio-pci");
    }

    @Test
    void whatCannotBePutBackIsTold() {
        host.driver("uio_pci_generic");
        host.refusing.add("uio_pci_generic");
        assertThatThrownBy(() -> devices((file, text) -> {
            if (file.endsWith("bind")) {
                throw new AccessDeniedException(file.toString());
            }
            host.write(file, text);
        }).bind(ADDRESS, "uio_pci_generic")).isInstanceOf(VirtioException.class)
            .hasMessageContaining("uio_pci_generic did not take")
            .hasMessageEndingWith("; putting 0000:00:02.0 back failed too: "
                + host.sysfs.resolve("bus/pci/drivers/virtio-pci/bind") + " may not be written; that takes root");
    }

    @Test
    void whoIsNotRootIsToldSo() {
        assertThatThrownBy(() -> devices((file, text) -> {
            throw new AccessDeniedException(file.toString());
        }).bind(ADDRESS, "none")).isInstanceOf(VirtioException.class)
            .hasMessageContaining("driver_override may not be written; that takes root");
        assertThatThrownBy(() -> devices((file, text) -> {
            throw new NoSuchFileException(file.toString());
        }).bind(ADDRESS, "none")).isInstanceOf(VirtioException.class)
            .hasMessageContaining("driver_override; was the function removed?");
    }

    @Test
    void givesBackToTheKernelsOwnDriver() throws Exception {
        host.driver("uio_pci_generic");
        bind(null);
        host.written.clear();
        HostDeviceDTO dto = unbind();
        assertThat(dto.driver).isEqualTo("virtio-pci");
        assertAsItWas();
        assertThat(host.written).containsExactly(" > " + DIRECTORY + "driver_override",
            "0000:00:02.0 > " + DIRECTORY + "driver/unbind", "0000:00:02.0 > bus/pci/drivers_probe");
        bind("none");
        assertThat(unbind().driver).isEqualTo("virtio-pci");
        assertAsItWas();
    }

    @Test
    void whatTheKernelHasStaysWithIt() throws Exception {
        host.disk(function.resolve("virtio0/block"), "vda", "254:0", null);
        host.mounts("254:0 / ext4 /dev/vda");
        assertThat(unbind().driver).isEqualTo("virtio-pci");
        assertAsItWas();
    }

    @Test
    void aDriverThatComesAMomentLaterIsWaitedFor() throws Exception {
        bind("none");
        Thread[] kernel = new Thread[1];
        PciHostDevices devices = host.devices(address -> false, (file, text) -> {
            if (file.endsWith("drivers_probe")) {
                kernel[0] = new Thread(() -> host.bind(function, "virtio-pci"));
                kernel[0].start();
            } else {
                host.write(file, text);
            }
        }, Duration.ofSeconds(30));
        assertThat(devices.unbind(ADDRESS).driver).isEqualTo("virtio-pci");
        kernel[0].join();
    }

    @Test
    void aKernelThatDoesNotTakeItBackIsTold() throws Exception {
        bind("none");
        host.refusing.add("virtio-pci");
        assertThatThrownBy(this::unbind).isInstanceOf(VirtioException.class).hasMessage(
            "no driver of the kernel's took 0000:00:02.0 within 50 ms; load it: modprobe virtio_pci");
        assertThat(override()).isEmpty();
    }

    @Test
    void aDriverThatTakesItAgainIsTold() throws Exception {
        host.bind(function, "vfio-pci");
        assertThatThrownBy(() -> devices((file, text) -> {
            host.write(file, text);
            if (file.endsWith("drivers_probe")) {
                host.bind(function, "vfio-pci");
            }
        }).unbind(ADDRESS)).isInstanceOf(VirtioException.class).hasMessageContaining("new_id");
    }

    @Test
    void theKernelsFilesAreNeitherMadeNorEmptied() throws Exception {
        Path file = root.resolve("file");
        assertThatThrownBy(() -> PciHostDevices.writeToKernel(file, "text")).isInstanceOf(NoSuchFileException.class);
        Files.createFile(file);
        PciHostDevices.writeToKernel(file, "text");
        assertThat(file).hasContent("text");
    }
}
