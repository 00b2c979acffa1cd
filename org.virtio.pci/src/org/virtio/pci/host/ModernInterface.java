// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

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

    private static final int CAPABILITY_MASK = 0xfc;
    private static final int SMALLEST_CAPABILITY = 4;

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

    /** The list may be a loop, so that no more of it is followed than could be there. */
    private static boolean hasCommonConfiguration(byte[] config) {
        int at = config[ConfigHeaderLayout.CAPABILITIES_POINTER] & CAPABILITY_MASK;
        int most = (ConfigHeaderLayout.CAPABILITIES_END - ConfigHeaderLayout.SIZE) / SMALLEST_CAPABILITY;
        for (int left = most; left > 0 && at >= ConfigHeaderLayout.SIZE; left--) {
            if (config[at] == PciCapabilityLayout.VENDOR_SPECIFIC
                && config[at + PciCapabilityLayout.CFG_TYPE] == PciCapabilityLayout.TYPE_COMMON) {
                return true;
            }
            at = config[at + PciCapabilityLayout.CAP_NEXT] & CAPABILITY_MASK;
        }
        return false;
    }
}
