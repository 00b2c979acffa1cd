// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.sysfs;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The commands for a root shell by which the kernel lets go of functions. */
public final class HandOver {
    /** Room for what a device has in memory by default, and as much again. */
    private static final String RESERVE_HUGE_PAGES = "sysctl vm.nr_hugepages=64";

    private final List<String> commands = new ArrayList<>();

    /** What loads a driver. */
    public static String load(String driver) {
        return "modprobe " + driver;
    }

    /** Adds what moves a function to another driver. */
    public HandOver move(SysfsNode function, String driver) {
        if (!function.hasDriver(driver) && !commands.contains(load(driver))) {
            commands.add(load(driver));
        }
        commands.add(echo(driver, function.file("driver_override")));
        if (function.driver() != null) {
            commands.add(echo(function.address(), function.file("driver/unbind")));
        }
        commands.add(echo(function.address(), function.bus("drivers_probe")));
        return this;
    }

    /** Adds what reserves huge pages, without which a device that is told physical addresses can be given no memory. */
    public void reserveHugePages() {
        commands.add(RESERVE_HUGE_PAGES);
    }

    private static String echo(Object what, Path file) {
        return "echo " + what + " > " + file;
    }

    /** All that were added, in order. */
    public List<String> commands() {
        return List.copyOf(commands);
    }
}
