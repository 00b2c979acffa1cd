// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.virtio.pci.sysfs.Drivers;

/**
 * The functions that the IOMMU cannot tell apart. VFIO gives them to a process together: not while one of them is in the hands
 * of a driver that has the function do DMA for the kernel.
 *
 * @param name      its number
 * @param directory of the group in sysfs, by way of the function
 */
record IommuGroup(String name, Path directory) {
    private static final String PORT_DRIVER = "pcieport";
    private static final String STUB_DRIVER = "pci-stub";
    private static final int BRIDGE_CLASS = 0x0604;
    private static final int PROGRAMMING_INTERFACE_BITS = 8;

    /** Another member of the group that has a driver that stands in the way. */
    record Obstacle(String member, String driver) {
        @Override
        public String toString() {
            return member + " is bound to " + driver;
        }
    }

    /** The group of the function with that directory, or null. */
    static IommuGroup of(Path function) {
        Path link = function.resolve("iommu_group");
        String name = KernelFiles.target(link);
        return name == null ? null : new IommuGroup(name, link);
    }

    /** Whether what the function takes for an address is not a physical one. */
    boolean translates() {
        return !KernelFiles.text(directory.resolve("type")).equals("identity");
    }

    /** What stands in the way besides the member of that name itself. */
    List<Obstacle> obstaclesFor(String self) {
        List<Obstacle> obstacles = new ArrayList<>();
        for (Path member : KernelFiles.children(directory.resolve("devices"))) {
            String driver = KernelFiles.target(member.resolve("driver"));
            if (!KernelFiles.name(member).equals(self) && stands(member, driver)) {
                obstacles.add(new Obstacle(KernelFiles.name(member), driver));
            }
        }
        return obstacles;
    }

    private static boolean stands(Path member, String driver) {
        return driver != null && !Drivers.isVfio(driver) && !driver.equals(PORT_DRIVER) && !driver.equals(STUB_DRIVER)
            && KernelFiles.hex(member.resolve("class")) >> PROGRAMMING_INTERFACE_BITS != BRIDGE_CLASS;
    }
}
