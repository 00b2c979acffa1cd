// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.felix.service.command.Converter;
import org.junit.jupiter.api.Test;
import org.virtio.host.HostDeviceDTO;
import org.virtio.shell.print.Listing;

class HostFormsTest {
    private final HostConverter converter = new HostConverter();

    static HostDeviceDTO device(String address, String type, String driver) {
        HostDeviceDTO device = new HostDeviceDTO();
        device.address = address;
        device.type = type;
        device.id = "1af4:1042";
        device.driver = driver;
        return device;
    }

    private static HostDeviceDTO toHandOver(String address) {
        HostDeviceDTO device = device(address, "blk", "virtio-pci");
        device.iommuGroup = "7";
        device.handOver = List.of("modprobe vfio-pci", "echo vfio-pci > driver_override");
        return device;
    }

    private String print(Object thing) {
        return converter.format(thing, Converter.INSPECT, null).toString();
    }

    @Test
    void manyAreATableWithWhatIsToBeDoneBelow() {
        HostDeviceDTO ready = device("pci:0000:00:05.0", "blk", "vfio-pci");
        ready.ready = true;
        HostDeviceDTO used = device("pci:0000:00:06.0", "blk", "virtio-pci");
        used.use = "/dev/vda1 is mounted on /";
        HostDeviceDTO legacy = device("pci:0000:00:07.0", null, null);
        legacy.unusable = "a legacy device";
        assertThat(print(List.of(ready, used, legacy))).isEqualTo("""
            ADDRESS           TYPE  ID         DRIVER      GROUP  STATE
            pci:0000:00:05.0  blk   1af4:1042  vfio-pci    -      ready
            pci:0000:00:06.0  blk   1af4:1042  virtio-pci  -      in use: /dev/vda1 is mounted on /
            pci:0000:00:07.0  -     1af4:1042  -           -      a legacy device""");
        assertThat(print(List.of(ready, toHandOver("pci:0000:00:08.0"), toHandOver("pci:0000:00:09.0")))).isEqualTo("""
            ADDRESS           TYPE  ID         DRIVER      GROUP  STATE
            pci:0000:00:05.0  blk   1af4:1042  vfio-pci    -      ready
            pci:0000:00:08.0  blk   1af4:1042  virtio-pci  7      to hand over
            pci:0000:00:09.0  blk   1af4:1042  virtio-pci  7      to hand over

            To hand over pci:0000:00:08.0, as root:
              modprobe vfio-pci
              echo vfio-pci > driver_override

            To hand over pci:0000:00:09.0, as root:
              modprobe vfio-pci
              echo vfio-pci > driver_override""");
    }

    @Test
    void oneIsPrintedInFull() {
        assertThat(print(toHandOver("pci:0000:00:08.0"))).isEqualTo("""
            pci:0000:00:08.0
              type                 blk
              id                   1af4:1042
              driver               virtio-pci
              IOMMU group          7
              state                to hand over
              hand over, as root   modprobe vfio-pci
                                   echo vfio-pci > driver_override""");
        HostDeviceDTO used = device("pci:0000:00:06.0", null, null);
        used.use = "network interface eth0 is up";
        used.unusable = "a legacy device";
        assertThat(print(used)).isEqualTo("""
            pci:0000:00:06.0
              id                   1af4:1042
              driver               none
              IOMMU group          none
              state                in use: network interface eth0 is up
              left alone           a legacy device""");
    }

    @Test
    void oneOnALineHasNoCommands() {
        assertThat(converter.format(toHandOver("pci:0000:00:08.0"), Converter.LINE, null)).isEqualTo(
            "ADDRESS pci:0000:00:08.0  TYPE blk  ID 1af4:1042  DRIVER virtio-pci  GROUP 7  STATE to hand over");
    }

    @Test
    void noneIsSaid() {
        assertThat(print(new Listing<HostDeviceDTO>(List.of(), "no virtio devices on this host")))
            .isEqualTo("no virtio devices on this host");
    }
}
