// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.sysfs;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The functions that the IOMMU cannot tell apart. VFIO gives them to a process together: not while one of them is in the hands
 * of a driver that has the function do DMA for the kernel.
 *
 * @param name      its number
 * @param directory of the group in sysfs, by way of the function
 */
public record IommuGroup(String name, Path directory) {
    private static final String PORT_DRIVER = "pcieport";
    private static final int BRIDGE_CLASS = 0x0604;
    private static final int PROGRAMMING_INTERFACE_BITS = 8;

    /** A member of the group that has a driver that stands in the way. */
    public record Obstacle(String member, String driver) {
        @Override
        public String toString() {
            return member + " is bound to " + driver;
        }
    }

    /** The group of the function with that directory, or null. */
    public static IommuGroup of(Path function) {
        Path link = function.resolve("iommu_group");
        String name = KernelFiles.target(link);
        return name == null ? null : new IommuGroup(name, link);
    }

    /** Whether what the function takes for an address is not a physical one. */
    public boolean translates() {
        return !type().equals("identity");
    }

    /** What the IOMMU does for the group, such as {@code DMA} or {@code identity}; empty if that is not known. */
    String type() {
        return KernelFiles.text(directory.resolve("type"));
    }

    /** What stands in the way. */
    public List<Obstacle> obstacles() {
        List<Obstacle> obstacles = new ArrayList<>();
        for (Path member : KernelFiles.children(directory.resolve("devices"))) {
            String driver = KernelFiles.target(member.resolve("driver"));
            if (stands(member, driver)) {
                obstacles.add(new Obstacle(KernelFiles.name(member), driver));
            }
        }
        return obstacles;
    }

    private static boolean stands(Path member, String driver) {
        return driver != null && !Drivers.isVfio(driver) && !driver.equals(PORT_DRIVER) && !driver.equals(Drivers.STUB)
            && KernelFiles.hex(member.resolve("class")) >> PROGRAMMING_INTERFACE_BITS != BRIDGE_CLASS;
    }
}
