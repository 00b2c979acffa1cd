// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.virtio.pci.access.PciAddress;
import org.virtio.spec.PciDeviceId;

/**
 * What the kernel says of one device, as it comes over netlink: {@code action@devpath} and then {@code KEY=value} strings, each
 * with a zero byte behind it. Whatever else comes makes an event that has less, or nothing, to tell.
 */
record Uevent(Map<String, String> values) {
    private static final Pattern PCI_ID = Pattern.compile("([0-9A-Fa-f]{1,4}):([0-9A-Fa-f]{1,4})");
    private static final int HEX = 16;

    static Uevent parse(byte[] message) {
        Map<String, String> values = new HashMap<>();
        for (String string : new String(message, StandardCharsets.UTF_8).split("\0")) {
            int equals = string.indexOf('=');
            // Before the first variable there is the path, in which an equals sign may be, but not before the at sign.
            if (equals > 0 && string.lastIndexOf('@', equals) < 0) {
                values.put(string.substring(0, equals), string.substring(equals + 1));
            }
        }
        return new Uevent(Map.copyOf(values));
    }

    /** What happened, such as {@code add}; empty if it is not told. */
    String action() {
        return values.getOrDefault("ACTION", "");
    }

    /** The PCI function that it happened to; null if it was to no such. */
    PciAddress function() {
        return "pci".equals(values.get("SUBSYSTEM")) ? PciSysfs.address(values.getOrDefault("PCI_SLOT_NAME", "")) : null;
    }

    /** Whether the function is told to be a virtio device. */
    boolean isVirtio() {
        Matcher id = PCI_ID.matcher(values.getOrDefault("PCI_ID", ""));
        return id.matches() && PciDeviceId.isVirtio(Integer.parseInt(id.group(1), HEX), Integer.parseInt(id.group(2), HEX));
    }
}
