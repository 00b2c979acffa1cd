// SPDX-License-Identifier: Apache-2.0
package org.virtio.spec;

/**
 * Byte offsets of {@code struct virtio_pci_cap}, a capability in PCI configuration space that says where one of the device's
 * structures is (VIRTIO 1.3, section 4.1.4), and of what follows it in some types.
 *
 * <pre>
 *  0  u8 cap_vndr (9)    1  u8 cap_next    2  u8 cap_len    3  u8 cfg_type
 *  4  u8 bar             5  u8 id          6  u8 padding[2]
 *  8  le32 offset       12  le32 length
 * 16  le32 notify_off_multiplier            (NOTIFY)
 * 16  u8 pci_cfg_data[4]                    (PCI)
 * 16  le32 offset_hi    20  le32 length_hi  (SHARED_MEMORY)
 * </pre>
 */
public final class PciCapabilityLayout {
    /** u8: {@link #VENDOR_SPECIFIC}. */
    public static final int CAP_VNDR = 0;
    /** u8: where the next capability is, or 0. */
    public static final int CAP_NEXT = 1;
    /** u8: bytes of this capability, with what follows it. */
    public static final int CAP_LEN = 2;
    /** u8: one of the types below. */
    public static final int CFG_TYPE = 3;
    /** u8: which base address register, 0 to 5; other values are reserved. */
    public static final int BAR = 4;
    /** u8: tells capabilities of the same type apart, for some device types. */
    public static final int ID = 5;
    /** le32: where the structure begins behind the base address register. */
    public static final int OFFSET = 8;
    /** le32: bytes in the structure. */
    public static final int LENGTH = 12;
    /** Bytes in the structure that all types begin with. */
    public static final int SIZE = 16;

    /** le32, of {@link #TYPE_NOTIFY}: 0, or bytes by which {@code queue_notify_off} counts. */
    public static final int NOTIFY_OFF_MULTIPLIER = 16;
    /** Bytes of a capability of {@link #TYPE_NOTIFY}. */
    public static final int NOTIFY_SIZE = 20;
    /** u8[4], of {@link #TYPE_PCI}: the window. */
    public static final int PCI_CFG_DATA = 16;
    /** Bytes of a capability of {@link #TYPE_PCI}. */
    public static final int PCI_SIZE = 20;

    /** The PCI capability ID of vendor-specific capabilities. */
    public static final int VENDOR_SPECIFIC = 9;
    /** The greatest number of a base address register. */
    public static final int LAST_BAR = 5;

    /** Common configuration: {@link PciCommonConfigLayout}. */
    public static final int TYPE_COMMON = 1;
    /** Notifications. */
    public static final int TYPE_NOTIFY = 2;
    /** ISR status: {@link PciIsr}. */
    public static final int TYPE_ISR = 3;
    /** Device-specific configuration. */
    public static final int TYPE_DEVICE = 4;
    /** Access through PCI configuration space. */
    public static final int TYPE_PCI = 5;
    /** Shared memory region. */
    public static final int TYPE_SHARED_MEMORY = 8;
    /** Vendor-specific data. */
    public static final int TYPE_VENDOR = 9;

    private PciCapabilityLayout() {
    }
}
