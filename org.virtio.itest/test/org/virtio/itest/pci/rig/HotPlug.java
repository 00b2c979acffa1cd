// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.IOException;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.virtio.pci.access.PciAddress;
import org.virtio.pci.access.Registers;

/**
 * Plugs devices into the slots of root ports and takes them out, with what an operating system does for that in the slots'
 * registers (PCI Express Base 6.7). One change at a time.
 */
final class HotPlug {
    private static final Pattern ID = Pattern.compile(".*\\bid=([^,]+).*");
    private static final Pattern PORT = Pattern.compile(".*\\bbus=([^,]+).*");

    private final Monitor monitor;
    private final PciHierarchy hierarchy;
    private final QtestAccess access;

    HotPlug(Monitor monitor, PciHierarchy hierarchy, QtestAccess access) {
        this.monitor = monitor;
        this.hierarchy = hierarchy;
        this.access = access;
    }

    /** Plugs in a device, switches its slot on, and gives it addresses. */
    synchronized PciAddress plug(String device) throws IOException {
        PciHierarchy.Bridge port = hierarchy.bridge(QemuTree.find(monitor, option(PORT, device)));
        monitor.executeLine("device_add " + device);
        power(port, PciLayout.SLOT_POWER_ON);
        hierarchy.rescan(port);
        return QemuTree.find(monitor, option(ID, device));
    }

    private static String option(Pattern pattern, String device) {
        Matcher matcher = pattern.matcher(device);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + device + "' does not match " + pattern);
        }
        return matcher.group(1);
    }

    /** Takes a device out when whoever has it open has closed it. */
    synchronized void unplug(String id) throws IOException {
        PciAddress address = QemuTree.find(monitor, id);
        access.request(address);
        access.awaitClosed(address);
        monitor.execute("device_del", Map.of("id", id));
        takeOut(id, address);
    }

    /** Takes a device out and asks nobody. */
    synchronized void remove(String id) throws IOException {
        takeOut(id, QemuTree.find(monitor, id));
    }

    private void takeOut(String id, PciAddress address) throws IOException {
        PciHierarchy.Bridge port = hierarchy.bridge(address.bus());
        // First, so that nobody sees it half gone.
        access.end(address);
        power(port, PciLayout.SLOT_POWER_OFF);
        monitor.awaitDeleted(id);
    }

    /** QEMU takes out what is in a slot that is switched off. */
    private static void power(PciHierarchy.Bridge port, int power) throws IOException {
        Registers registers = port.config().registers();
        int slot = port.config().capability(PciLayout.EXPRESS);
        registers.write16(slot + PciLayout.SLOT_STATUS, PciLayout.SLOT_EVENTS);
        int control = registers.read16(slot + PciLayout.SLOT_CONTROL);
        registers.write16(slot + PciLayout.SLOT_CONTROL, control & ~PciLayout.SLOT_POWER | power);
    }
}
