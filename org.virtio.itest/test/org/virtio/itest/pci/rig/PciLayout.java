// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

/** Offsets in the configuration space of a function or a bridge: PCI Local Bus 3.0, chapter 6; PCI-to-PCI Bridge 1.2, 3.2. */
final class PciLayout {
    /** le16; all ones if there is no function. */
    static final int VENDOR_ID = 0x00;
    /** le16. */
    static final int COMMAND = 0x04;
    /** Bit of {@link #COMMAND}: answers accesses to its memory. */
    static final int COMMAND_MEMORY = 2;
    /** Bit of {@link #COMMAND}: may access memory. */
    static final int COMMAND_MASTER = 4;
    /** Bits of {@link #COMMAND}: answers accesses, and may make some itself. */
    static final int COMMAND_ALL = 7;
    /** le16. */
    static final int STATUS = 0x06;
    /** Bit of {@link #STATUS}: wants an INTx interrupt, whether that is disabled or not. */
    static final int STATUS_INTERRUPT = 8;
    /** Bit of {@link #STATUS}: has a list of capabilities. */
    static final int STATUS_CAPABILITIES = 0x10;
    /** A byte: in bits 0 to 6 the type, in bit 7 whether the device has several functions. */
    static final int HEADER_TYPE = 0x0e;
    /** Of {@link #HEADER_TYPE}. */
    static final int HEADER_TYPE_MASK = 0x7f;
    /** Of {@link #HEADER_TYPE}: a bridge. */
    static final int HEADER_TYPE_BRIDGE = 1;
    /** Of {@link #HEADER_TYPE}: the device has several functions. */
    static final int HEADER_MULTIFUNCTION = 0x80;
    /** Six le32, in a bridge two. */
    static final int BARS = 0x10;
    /** A byte each: primary, secondary and subordinate bus number. */
    static final int BUS_NUMBERS = 0x18;
    /** Two bytes: bits 12 to 15 of the first and the last port that is passed on, each in bits 4 to 7. */
    static final int IO_WINDOW = 0x1c;
    /** Two le16: bits 20 to 31 of the first and the last address that is passed on, each in bits 4 to 15. */
    static final int MEMORY_WINDOW = 0x20;
    /** The same for memory that may be read ahead. */
    static final int PREFETCHABLE_WINDOW = 0x24;
    /** A byte: where the list of capabilities begins. */
    static final int CAPABILITIES = 0x34;
    /** A byte: 0 without INTx. */
    static final int INTERRUPT_PIN = 0x3d;

    /** Capability: PCI Express (PCI Express Base 7.5.3). */
    static final int EXPRESS = 0x10;
    /** In {@link #EXPRESS}, le16: slot control. */
    static final int SLOT_CONTROL = 0x18;
    /** Of {@link #SLOT_CONTROL}: power indicator and power controller. */
    static final int SLOT_POWER = 0x700;
    /** Of {@link #SLOT_POWER}: the indicator is on, and so is the power. */
    static final int SLOT_POWER_ON = 0x100;
    /** Of {@link #SLOT_POWER}: the indicator is off, and so is the power. */
    static final int SLOT_POWER_OFF = 0x700;
    /** In {@link #EXPRESS}, le16: slot status; a bit that is written as 1 is cleared. */
    static final int SLOT_STATUS = 0x1a;
    /** Of {@link #SLOT_STATUS}: what happened. */
    static final int SLOT_EVENTS = 0x1f;

    /** Capability: MSI-X (PCI Local Bus 3.0, 6.8.2). */
    static final int MSIX = 0x11;
    /** In {@link #MSIX}, le16: message control. */
    static final int MSIX_CONTROL = 2;
    /** Of {@link #MSIX_CONTROL}: the number of vectors, less one. */
    static final int MSIX_SIZE = 0x7ff;
    /** Of {@link #MSIX_CONTROL}: all vectors are masked. */
    static final int MSIX_MASK = 0x4000;
    /** Of {@link #MSIX_CONTROL}. */
    static final int MSIX_ENABLE = 0x8000;
    /** In {@link #MSIX}, le32: where the table is: the index of a base address register in bits 0 to 2, else the offset. */
    static final int MSIX_TABLE = 4;

    private PciLayout() {
    }
}
