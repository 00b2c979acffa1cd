// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

import java.io.IOException;
import org.virtio.pci.capability.CapabilityList;
import org.virtio.pci.capability.ConfigHeaderLayout;
import org.virtio.spec.PciCapabilityLayout;

/** Whether a function has the interface of VIRTIO 1.0 and later, as far as its configuration space can be read. */
enum ModernInterface {
    OFFERED(null),
    ABSENT("a legacy device: it offers no VIRTIO 1.0 capabilities"),
    /** The kernel shows only the first 64 bytes to those who are not root. */
    NOT_KNOWN("it may be a legacy device: whether it offers VIRTIO 1.0 capabilities is not known without root"),
    /** It was removed, or has no power. */
    SILENT("it does not answer: its configuration space reads as all ones");

    /** Why such a function is left alone; null if it need not be. */
    final String reason;

    ModernInterface(String reason) {
        this.reason = reason;
    }

    /**
     * Looks for it.
     *
     * @param config     what could be read of the configuration space
     * @param modernId whether the function's device ID is one that only devices with the modern interface have
     */
    static ModernInterface of(byte[] config, boolean modernId) {
        if (config.length >= 2 && config[0] == -1 && config[1] == -1) {
            return SILENT;
        }
        if (config.length < ConfigHeaderLayout.SIZE) {
            return modernId ? OFFERED : NOT_KNOWN;
        }
        if ((config[ConfigHeaderLayout.STATUS] & ConfigHeaderLayout.STATUS_CAPABILITIES) == 0) {
            return ABSENT;
        }
        if (config.length < ConfigHeaderLayout.CAPABILITIES_END) {
            return modernId ? OFFERED : NOT_KNOWN;
        }
        return hasCommonConfiguration(config) ? OFFERED : ABSENT;
    }

    /** A list that is malformed is refused when the function is opened, too. */
    private static boolean hasCommonConfiguration(byte[] config) {
        try {
            return CapabilityList.offsets(at -> config[(int) at] & 0xff, PciCapabilityLayout.VENDOR_SPECIFIC).stream()
                .anyMatch(at -> config[at + PciCapabilityLayout.CFG_TYPE] == PciCapabilityLayout.TYPE_COMMON);
        } catch (IOException malformed) {
            return false;
        }
    }
}
