// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.capability;

/**
 * Byte offsets of a PCI function's configuration space header, type 0 (PCI Local Bus 3.0, section 6.1), as far as it is
 * needed here.
 *
 * <pre>
 *   0  le16 vendor ID     2  le16 device ID
 *   4  le16 command       6  le16 status
 *   8  u8   revision ID
 *  16  le32 base address registers [6]
 *  44  le16 subsystem vendor ID          46  le16 subsystem ID
 *  52  u8   capabilities pointer
 * </pre>
 */
public final class ConfigHeaderLayout {
    /** le16; {@link #NO_FUNCTION} where there is no function. */
    public static final int VENDOR_ID = 0;
    /** le16. */
    public static final int DEVICE_ID = 2;
    /** le16, of the {@code COMMAND_} bits. */
    public static final int COMMAND = 4;
    /** le16, with {@link #STATUS_CAPABILITIES}. */
    public static final int STATUS = 6;
    /** u8. */
    public static final int REVISION_ID = 8;
    /** le16. */
    public static final int SUBSYSTEM_ID = 46;
    /** u8: where the first capability is. */
    public static final int CAPABILITIES_POINTER = 52;
    /** Bytes of the header; capabilities come after it. */
    public static final int SIZE = 64;
    /** Bytes in which the capability list lies. */
    public static final int CAPABILITIES_END = 256;

    /** What 16 bits read as where nothing answers. */
    public static final int NO_FUNCTION = 0xffff;

    /** The function responds to accesses of I/O space. */
    public static final int COMMAND_IO = 1;
    /** The function responds to accesses of memory space. */
    public static final int COMMAND_MEMORY = 2;
    /** The function may access memory itself. */
    public static final int COMMAND_BUS_MASTER = 4;
    /** The function does not assert its INTx interrupt. */
    public static final int COMMAND_INTX_DISABLE = 0x400;

    /** There is a list of capabilities. */
    public static final int STATUS_CAPABILITIES = 0x10;

    private ConfigHeaderLayout() {
    }
}
