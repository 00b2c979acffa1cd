// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.virtio.host.HostDeviceDTO;
import org.virtio.pci.access.PciAddress;
import org.virtio.pci.sysfs.Drivers;
import org.virtio.pci.sysfs.HandOver;
import org.virtio.pci.sysfs.IommuGroup;
import org.virtio.pci.sysfs.KernelFiles;

/** One look at the virtio functions of the host. It only reads. */
final class HostScan {
    static final String SCHEME = "pci";

    private final PciSysfs sysfs;
    private final FunctionUse uses;
    private final OpenFunctions open;
    private final boolean lacksHugePages;

    HostScan(PciSysfs sysfs, Path proc, OpenFunctions open) {
        this.sysfs = sysfs;
        this.uses = new FunctionUse(sysfs.root(), proc);
        this.open = open;
        Path memory = proc.resolve("sys/vm");
        this.lacksHugePages = KernelFiles.number(memory.resolve("nr_hugepages")) == 0
            && KernelFiles.number(memory.resolve("nr_overcommit_hugepages")) <= 0;
    }

    /** All of them, by address; one that goes while this looks is left out. */
    List<HostDeviceDTO> all() {
        return sysfs.virtioFunctions().stream().map(address -> HostFunction.read(sysfs, address)).filter(Objects::nonNull)
            .map(this::describe).toList();
    }

    /** One of them, or null if there is none at that address. */
    HostFunction find(PciAddress address) {
        return HostFunction.read(sysfs, address);
    }

    /** What it is used for by the kernel, by another process or by this one; null if for nothing. */
    String use(HostFunction function) {
        String use = uses.of(sysfs.node(function.address()).directory());
        String own = open.isOpen(function.address()) ? "it is attached by this process" : null;
        return own == null ? use : own + (use == null ? "" : "; " + use);
    }

    HostDeviceDTO describe(HostFunction function) {
        HostDeviceDTO dto = new HostDeviceDTO();
        dto.address = SCHEME + ":" + function.address();
        dto.type = function.type();
        dto.id = function.id();
        dto.driver = function.driver();
        dto.iommuGroup = function.group() == null ? null : function.group().name();
        dto.use = use(function);
        dto.unusable = unusable(function);
        if (dto.use == null && dto.unusable == null) {
            dto.handOver = handOver(function);
            dto.ready = dto.handOver.isEmpty();
        }
        return dto;
    }

    private String unusable(HostFunction function) {
        ModernInterface modern = function.modern();
        if (modern != ModernInterface.OFFERED && !(modern == ModernInterface.NOT_KNOWN && function.isHandedOver())) {
            return modern.reason;
        }
        return Drivers.isVfio(function.driverToUse()) ? whyNotViable(function) : null;
    }

    /**
     * Why VFIO will not give the function to a process, whatever is done with this and the other virtio functions of its group;
     * null if it will.
     */
    String whyNotViable(HostFunction function) {
        List<String> reasons = new ArrayList<>();
        for (IommuGroup.Obstacle obstacle : obstacles(function)) {
            HostFunction other = virtio(obstacle);
            String use = other == null ? null : use(other);
            if (other == null) {
                reasons.add(obstacle.toString());
            } else if (use != null) {
                reasons.add(obstacle.member() + " is in use: " + use);
            }
        }
        return reasons.isEmpty() ? null : reasons.stream()
            .collect(Collectors.joining("; ", "VFIO takes IOMMU group " + function.group().name() + " as a whole, and ", ""));
    }

    private static List<IommuGroup.Obstacle> obstacles(HostFunction function) {
        return function.group() == null ? List.of() : function.group().obstacles().stream()
            .filter(obstacle -> !obstacle.member().equals(function.address().toString())).toList();
    }

    private HostFunction virtio(IommuGroup.Obstacle obstacle) {
        PciAddress address = PciSysfs.address(obstacle.member());
        return address == null ? null : find(address);
    }

    /** The commands that are still to be given for a function that nothing forbids to hand over. */
    private List<String> handOver(HostFunction function) {
        HandOver commands = new HandOver();
        String driver = function.driverToUse();
        if (!function.isHandedOver()) {
            commands.move(sysfs.node(function.address()), driver);
        }
        if (Drivers.isVfio(driver)) {
            obstacles(function).stream().map(this::virtio).filter(Objects::nonNull)
                .forEach(other -> commands.move(sysfs.node(other.address()), Drivers.VFIO));
        } else if (lacksHugePages) {
            commands.reserveHugePages();
        }
        return commands.commands();
    }
}
