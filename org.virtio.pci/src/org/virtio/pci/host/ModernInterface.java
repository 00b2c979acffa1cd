// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.host;

/** Whether a function has the interface of VIRTIO 1.0 and later, as far as its configuration space can be read. */
enum ModernInterface {
    OFFERED(null),
    ABSENT("a legacy device: it offers no VIRTIO 1.0 capabilities"),
    /** The kernel shows only the first 64 bytes to those who are not root. */
    NOT_KNOWN("it may be a legacy device: whether it offers VIRTIO 1.0 capabilities is not known without root"),
    /** It was removed, or has no power. */
    SILENT("it does not answer: its configuration space reads as all ones");

    /** PCI Local Bus Specification 3.0, section 6.1 and 6.7. */
    private static final int HEADER_SIZE = 64;
    private static final int SPACE_SIZE = 256;
    private static final int STATUS = 6;
    private static final int STATUS_CAPABILITIES = 0x10;
    private static final int FIRST_CAPABILITY = 0x34;
    private static final int CAPABILITY_MASK = 0xfc;
    private static final int SMALLEST_CAPABILITY = 4;
    private static final int VENDOR_SPECIFIC = 9;
    /** VIRTIO 1.3, section 4.1.4: struct virtio_pci_cap. */
    private static final int CFG_TYPE = 3;
    private static final int COMMON_CFG = 1;

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
        if (config.length < HEADER_SIZE) {
            return modernId ? OFFERED : NOT_KNOWN;
        }
        if ((config[STATUS] & STATUS_CAPABILITIES) == 0) {
            return ABSENT;
        }
        if (config.length < SPACE_SIZE) {
            return modernId ? OFFERED : NOT_KNOWN;
        }
        return hasCommonConfiguration(config) ? OFFERED : ABSENT;
    }

    /** The list may be a loop, so that no more of it is followed than could be there. */
    private static boolean hasCommonConfiguration(byte[] config) {
        int at = config[FIRST_CAPABILITY] & CAPABILITY_MASK;
        for (int left = (SPACE_SIZE - HEADER_SIZE) / SMALLEST_CAPABILITY; left > 0 && at >= HEADER_SIZE; left--) {
            if (config[at] == VENDOR_SPECIFIC && config[at + CFG_TYPE] == COMMON_CFG) {
                return true;
            }
            at = config[at + 1] & CAPABILITY_MASK;
        }
        return false;
    }
}
