// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.IOException;
import org.virtio.pci.access.Registers;

/**
 * The MSI-X vectors of a function (PCI Local Bus 3.0, 6.8.2).
 *
 * @param config     of the function
 * @param capability where it is in there
 * @param table      the vectors' messages: 16 bytes each, of which 8 are the address, 4 the data, and 4 the control
 * @param size       the number of vectors
 */
record MsixTable(PciConfig config, int capability, Registers table, int size) {
    private static final int ENTRY = 16;
    private static final int UPPER_ADDRESS = 4;
    private static final int DATA = 8;
    private static final int CONTROL = 12;
    private static final int MASKED = 1;
    private static final int BAR_MASK = 7;

    /** Where something is that lies behind a base address register. */
    @FunctionalInterface
    interface Bars {
        Registers bar(int index) throws IOException;
    }

    /** The vectors of a function, or null if it has none. */
    static MsixTable of(PciConfig config, Bars bars) throws IOException {
        int capability = config.capability(PciLayout.MSIX);
        if (capability == 0) {
            return null;
        }
        Registers registers = config.registers();
        int size = (registers.read16(capability + PciLayout.MSIX_CONTROL) & PciLayout.MSIX_SIZE) + 1;
        int place = registers.read32(capability + PciLayout.MSIX_TABLE);
        Registers bar = bars.bar(place & BAR_MASK);
        return new MsixTable(config, capability, bar.slice(place & ~BAR_MASK, (long) size * ENTRY), size);
    }

    /**
     * Enables the first vectors, and masks the others.
     *
     * @param address to which each sends its message
     * @param data    the message of the first vector; each other one's is one more
     */
    void enable(int vectors, long address, int data) throws IOException {
        // As the kernel does for a function that it hands over: the driver's command register stays as it was.
        int command = config.registers().read16(PciLayout.COMMAND);
        config.command(0, PciLayout.COMMAND_MEMORY);
        control(PciLayout.MSIX_ENABLE | PciLayout.MSIX_MASK);
        for (int vector = 0; vector < size; vector++) {
            long entry = (long) vector * ENTRY;
            boolean used = vector < vectors;
            table.write32(entry, used ? (int) address : 0);
            table.write32(entry + UPPER_ADDRESS, used ? (int) (address >>> Integer.SIZE) : 0);
            table.write32(entry + DATA, used ? data + vector : 0);
            table.write32(entry + CONTROL, used ? 0 : MASKED);
        }
        control(PciLayout.MSIX_ENABLE);
        config.registers().write16(PciLayout.COMMAND, command);
    }

    void disable() throws IOException {
        control(0);
    }

    private void control(int bits) throws IOException {
        config.registers().write16(capability + PciLayout.MSIX_CONTROL, bits);
    }
}
