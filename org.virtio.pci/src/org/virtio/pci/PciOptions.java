// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.virtio.device.DeviceAddress;
import org.virtio.pci.access.PciAddress;

/**
 * What an address says: {@code pci:0000:00:05.0?access=vfio&interrupts=msix&queues=N&registers=config}, and the common options.
 *
 * @param address       of the function
 * @param access        name of the access path, or null for whichever reaches the function
 * @param interrupts    how the device notifies
 * @param queues        the most queues to be used, or 0 for as many as the device has
 * @param throughConfig whether to reach the device's structures through configuration space
 */
record PciOptions(PciAddress address, String access, Delivery interrupts, int queues, boolean throughConfig) {
    /** A queue's index has 16 bits. */
    private static final int MAX_QUEUES = 65535;
    private static final Set<String> KNOWN = known();

    /** How notifications of the device are delivered. */
    enum Delivery {
        /** By the first of the others that function and path have. */
        AUTO,
        /** One message for each queue, or one for all. */
        MSIX,
        /** One line for all. */
        INTX,
        /** Not at all: whoever waits looks. */
        POLL
    }

    private static Set<String> known() {
        Set<String> known = new HashSet<>(DeviceAddress.COMMON_OPTIONS);
        known.addAll(Set.of("access", "interrupts", "queues", "registers"));
        return Set.copyOf(known);
    }

    /**
     * Reads an address.
     *
     * @throws IllegalArgumentException if it is no PCI address, or an option is unknown or out of range
     */
    static PciOptions of(DeviceAddress address) {
        address.checkOptions(KNOWN);
        return new PciOptions(PciAddress.parse(address.location()), address.option("access", null), delivery(address),
            address.option("queues", 0, 1, MAX_QUEUES), throughConfig(address));
    }

    private static Delivery delivery(DeviceAddress address) {
        String text = address.option("interrupts", "auto");
        for (Delivery delivery : Delivery.values()) {
            if (delivery.name().toLowerCase(Locale.ROOT).equals(text)) {
                return delivery;
            }
        }
        throw new IllegalArgumentException("option interrupts=" + text + " is none of auto, msix, intx, poll");
    }

    private static boolean throughConfig(DeviceAddress address) {
        String text = address.option("registers", "bar");
        if (!text.equals("bar") && !text.equals("config")) {
            throw new IllegalArgumentException("option registers=" + text + " is neither bar nor config");
        }
        return text.equals("config");
    }
}
