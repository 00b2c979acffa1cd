// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.virtio.pci.access.PciAddress;

/** The commands for a root shell by which the kernel lets go of functions. */
final class HandOver {
    /** Room for what a device has in memory by default, and as much again. */
    private static final String RESERVE_HUGE_PAGES = "sysctl vm.nr_hugepages=64";

    private final PciSysfs sysfs;
    private final List<String> commands = new ArrayList<>();

    HandOver(PciSysfs sysfs) {
        this.sysfs = sysfs;
    }

    static String load(String driver) {
        return "modprobe " + driver;
    }

    /** Adds what moves a function to another driver. */
    void move(PciAddress function, String driver) {
        if (!sysfs.hasDriver(driver) && !commands.contains(load(driver))) {
            commands.add(load(driver));
        }
        commands.add(echo(driver, sysfs.override(function)));
        if (sysfs.driver(function) != null) {
            commands.add(echo(function, sysfs.unbind(function)));
        }
        commands.add(echo(function, sysfs.probe()));
    }

    /** Adds what reserves huge pages, without which a device that is told physical addresses can be given no memory. */
    void reserveHugePages() {
        commands.add(RESERVE_HUGE_PAGES);
    }

    private static String echo(Object what, Path file) {
        return "echo " + what + " > " + file;
    }

    List<String> commands() {
        return List.copyOf(commands);
    }
}
