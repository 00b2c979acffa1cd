// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.virtio.host.HostDeviceDTO;

/** What is found, whose hands it is in, and what would have to be done. */
class HostScanTest {
    private static final int NET = 0x1041;
    private static final int BLK = 0x1042;

    @TempDir
    private Path root;
    private FakeHost host;
    private PciHostDevices devices;

    @BeforeEach
    void boot() {
        host = new FakeHost(root);
        devices = host.devices(address -> address.toString().equals("0000:00:0a.0"), host, Duration.ZERO);
    }

    private HostDeviceDTO only() {
        List<HostDeviceDTO> all = devices.scan();
        assertThat(all).hasSize(1);
        return all.get(0);
    }

    private List<String> handOver(String... lines) {
        return List.of(lines).stream().map(line -> line.replace("/sys/", host.sysfs + "/")).toList();
    }

    @Test
    void aHostWithoutPciHasNone() {
        PciSysfs none = new PciSysfs(root.resolve("none"));
        assertThat(new PciHostDevices(address -> false, host, none, root.resolve("none"),
            new DriverBinder(none, host, Duration.ZERO)).scan()).isEmpty();
    }

    @Test
    void allVirtioFunctionsAreListedByAddressAndNoOthers() {
        host.function("0000:00:10.0", BLK);
        host.function("0000:00:02.0", NET);
        host.function("0000:00:03.0", 0x1080);
        host.function("0000:00:04.0", 0x0fff);
        host.function("0000:00:05.0", 0x8086, BLK);
        host.function("0001:00:00.7", 0x107f);
        assertThat(devices.scan()).extracting(dto -> dto.address, dto -> dto.type, dto -> dto.id).containsExactly(
            tuple("pci:0000:00:02.0", "net", "1af4:1041"),
            tuple("pci:0000:00:10.0", "blk", "1af4:1042"),
            tuple("pci:0001:00:00.7", null, "1af4:107f"));
    }

    @Test
    void behindAnIommuItIsForVfio() {
        Path function = host.bound("0000:00:02.0", BLK);
        host.group("7", "DMA", function);
        HostDeviceDTO dto = only();
        assertThat(dto.driver).isEqualTo("virtio-pci");
        assertThat(dto.iommuGroup).isEqualTo("7");
        assertThat(dto.ready).isFalse();
        assertThat(dto.use).isNull();
        assertThat(dto.unusable).isNull();
        assertThat(dto.handOver).isEqualTo(handOver(
            "modprobe vfio-pci",
            "echo vfio-pci > /sys/bus/pci/devices/0000:00:02.0/driver_override",
            "echo 0000:00:02.0 > /sys/bus/pci/devices/0000:00:02.0/driver/unbind",
            "echo 0000:00:02.0 > /sys/bus/pci/drivers_probe"));
    }

    @Test
    void behindNoneItIsForUioAndNeedsHugePages() {
        host.bound("0000:00:02.0", BLK);
        assertThat(only().handOver).isEqualTo(handOver(
            "modprobe uio_pci_generic",
            "echo uio_pci_generic > /sys/bus/pci/devices/0000:00:02.0/driver_override",
            "echo 0000:00:02.0 > /sys/bus/pci/devices/0000:00:02.0/driver/unbind",
            "echo 0000:00:02.0 > /sys/bus/pci/drivers_probe",
            "sysctl vm.nr_hugepages=64"));
    }

    @Test
    void whatIsDoneAlreadyIsNotAskedFor() {
        host.bound("0000:00:02.0", BLK);
        host.driver("uio_pci_generic");
        FakeHost.file(host.proc, "sys/vm/nr_hugepages", "32");
        assertThat(only().handOver).isEqualTo(handOver(
            "echo uio_pci_generic > /sys/bus/pci/devices/0000:00:02.0/driver_override",
            "echo 0000:00:02.0 > /sys/bus/pci/devices/0000:00:02.0/driver/unbind",
            "echo 0000:00:02.0 > /sys/bus/pci/drivers_probe"));
    }

    @Test
    void whatWasHandedOverIsReady() {
        Path vfio = host.function("0000:00:02.0", BLK);
        host.bind(vfio, "vfio-pci");
        host.group("7", "DMA", vfio);
        Path variant = host.function("0000:00:03.0", NET);
        host.bind(variant, "virtio_vfio_pci");
        host.group("8", "DMA-FQ", variant);
        FakeHost.file(host.proc, "sys/vm/nr_overcommit_hugepages", "10");
        host.bind(host.function("0000:00:04.0", BLK), "uio_pci_generic");
        setAside("0000:00:05.0");
        host.group("9", "identity", setAside("0000:00:06.0"));
        assertThat(devices.scan()).hasSize(5).allSatisfy(dto -> {
            assertThat(dto.ready).isTrue();
            assertThat(dto.handOver).isEmpty();
        });
    }

    private Path setAside(String address) {
        Path function = host.function(address, BLK);
        FakeHost.file(function, "driver_override", "none");
        return function;
    }

    @Test
    void whatMerelyHasNoDriverOrIsBehindAnIommuWithOneForPhysicalAddressesIsNotReady() {
        FakeHost.file(host.proc, "sys/vm/nr_hugepages", "32");
        host.function("0000:00:05.0", BLK);
        Path uio = host.function("0000:00:06.0", BLK);
        host.bind(uio, "uio_pci_generic");
        host.group("9", "DMA", uio);
        assertThat(devices.scan()).hasSize(2).allSatisfy(dto -> {
            assertThat(dto.ready).isFalse();
            assertThat(dto.handOver).isNotEmpty();
        });
    }

    @Test
    void withoutHugePagesNothingIsReadyThatIsToldPhysicalAddresses() {
        host.bind(host.function("0000:00:04.0", BLK), "uio_pci_generic");
        setAside("0000:00:05.0");
        assertThat(devices.scan()).hasSize(2).allSatisfy(dto -> {
            assertThat(dto.ready).isFalse();
            assertThat(dto.handOver).containsExactly("sysctl vm.nr_hugepages=64");
        });
    }

    @Test
    void behindAnIommuThatTranslatesADriverIsNeeded() {
        host.driver("vfio-pci");
        host.group("7", "DMA", host.function("0000:00:02.0", BLK));
        assertThat(only().ready).isFalse();
        assertThat(only().handOver).isEqualTo(handOver(
            "echo vfio-pci > /sys/bus/pci/devices/0000:00:02.0/driver_override",
            "echo 0000:00:02.0 > /sys/bus/pci/drivers_probe"));
    }

    @Test
    void aTransitionalDeviceHasItsTypeInItsSubsystem() {
        Path function = host.bound("0000:00:02.0", 0x1009);
        FakeHost.file(function, "subsystem_device", "0x0009");
        HostDeviceDTO dto = only();
        assertThat(dto.type).isEqualTo("9p");
        assertThat(dto.unusable).isNull();
        assertThat(dto.handOver).isNotEmpty();
    }

    @Test
    void aLegacyDeviceIsLeftAlone() {
        Path function = host.bound("0000:00:02.0", 0x1001);
        FakeHost.file(function, "subsystem_device", "0x0002");
        FakeHost.file(function, "config", Config.legacy());
        HostDeviceDTO dto = only();
        assertThat(dto.type).isEqualTo("blk");
        assertThat(dto.ready).isFalse();
        assertThat(dto.unusable).isEqualTo("a legacy device: it offers no VIRTIO 1.0 capabilities");
        assertThat(dto.handOver).isEmpty();
    }

    @Test
    void whoIsNotRootCannotTellALegacyDevice() {
        Path function = host.bound("0000:00:02.0", 0x1001);
        FakeHost.file(function, "config", Config.header(Config.modern()));
        assertThat(only().unusable).contains("not known without root");
        host.bind(function, "uio_pci_generic");
        FakeHost.file(host.proc, "sys/vm/nr_hugepages", "32");
        assertThat(only().unusable).as("whoever handed it over knew").isNull();
        assertThat(only().ready).isTrue();
    }

    @Test
    void whatIsAttachedHereIsInUse() {
        host.bind(host.function("0000:00:0a.0", BLK), "uio_pci_generic");
        HostDeviceDTO dto = only();
        assertThat(dto.use).isEqualTo("it is attached by this process");
        assertThat(dto.ready).isFalse();
        assertThat(dto.handOver).isEmpty();
    }

    @Test
    void bridgesOfTheGroupDoNotCount() {
        host.driver("vfio-pci");
        Path function = host.bound("0000:00:02.0", BLK);
        Path bridge = host.function("0000:00:01.0", 0x8086, 1);
        FakeHost.file(bridge, "class", "0x060400");
        host.bind(bridge, "shpchp");
        Path port = host.function("0000:00:01.1", 0x8086, 2);
        host.bind(port, "pcieport");
        Path free = host.function("0000:00:02.1", 0x8086, 3);
        host.group("7", "DMA", function, bridge, port, free);
        assertThat(only().unusable).isNull();
        assertThat(only().handOver).hasSize(3);
    }

    @Test
    void othersOfTheGroupStandInTheWay() {
        Path function = host.bound("0000:00:02.0", BLK);
        host.bind(function, "vfio-pci");
        Path sound = host.function("0000:00:02.1", 0x8086, 1);
        host.bind(sound, "snd_hda_intel");
        Path disk = host.bound("0000:00:02.2", BLK);
        host.disk(disk.resolve("virtio1/block"), "vdb", "254:16", null);
        host.mounts("254:16 /data ext4 /dev/vdb");
        host.group("7", "DMA", function, sound, disk);
        HostDeviceDTO dto = devices.scan().get(0);
        assertThat(dto.ready).isFalse();
        assertThat(dto.unusable).isEqualTo("VFIO takes IOMMU group 7 as a whole, and 0000:00:02.1 is bound to snd_hda_intel; "
            + "0000:00:02.2 is in use: /dev/vdb is mounted on /data");
    }

    @Test
    void virtioFunctionsOfOneGroupAreHandedOverTogether() {
        Path first = host.bound("0000:00:02.0", BLK);
        Path second = host.bound("0000:00:02.1", NET);
        host.group("7", "DMA", first, second);
        assertThat(devices.scan()).allSatisfy(dto -> assertThat(dto.handOver).hasSize(7).startsWith("modprobe vfio-pci")
            .containsAll(handOver("echo vfio-pci > /sys/bus/pci/devices/0000:00:02.0/driver_override",
                "echo vfio-pci > /sys/bus/pci/devices/0000:00:02.1/driver_override")));
        host.bind(first, "vfio-pci");
        assertThat(devices.scan()).allSatisfy(dto -> assertThat(dto.handOver).hasSize(3).startsWith(
            handOver("echo vfio-pci > /sys/bus/pci/devices/0000:00:02.1/driver_override").get(0)));
        host.bind(second, "vfio-pci");
        assertThat(devices.scan()).allSatisfy(dto -> assertThat(dto.ready).isTrue());
    }

    @Test
    void aDeviceThatIsMalformedDoesNotHideTheOthers() throws Exception {
        Path wrongVendor = host.function("0000:00:02.0", BLK);
        FakeHost.file(wrongVendor, "vendor", "0xfffffffffffff");
        Path wrongDevice = host.function("0000:00:03.0", BLK);
        FakeHost.file(wrongDevice, "device", "blk");
        Path empty = host.function("0000:00:04.0", BLK);
        FakeHost.file(empty, "vendor", new byte[0]);
        FakeHost.file(host.sysfs.resolve("bus/pci/devices"), "not-an-address/vendor", "0x1af4");
        FakeHost.link(host.sysfs.resolve("bus/pci/devices/0000:00:05.0"), Path.of("nowhere"));
        Path odd = host.function("0000:00:06.0", 0x1000);
        FakeHost.file(odd, "subsystem_device", new byte[] {0, -1, 7});
        FakeHost.file(odd, "driver", "a file and no link");
        Files.delete(odd.resolve("config"));
        FakeHost.file(odd, "config/is", "a directory");
        FakeHost.file(odd, "virtio0/block/vda", "no directory");
        FakeHost.file(odd, "virtio0/net/eth0/flags", "0x1002");
        FakeHost.file(host.proc, "7/mountinfo", "rubbish\n1 2 3\n - \n\\777\n");
        FakeHost.file(host.proc, "swaps", "\n\n \\0");
        host.function("0000:00:07.0", BLK);
        assertThat(devices.scan()).extracting(dto -> dto.address).containsExactly("pci:0000:00:06.0", "pci:0000:00:07.0");
        assertThat(devices.scan().get(0).type).isNull();
    }

    @Test
    void thisMachineCanBeLookedAt() {
        List<HostDeviceDTO> real = new PciHostDevices(address -> false, host).scan();
        assertThat(real).allSatisfy(dto -> {
            assertThat(dto.address).startsWith("pci:");
            assertThat(dto.ready).isEqualTo(dto.use == null && dto.unusable == null && dto.handOver.isEmpty());
        });
    }
}
