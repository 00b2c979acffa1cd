// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.IOException;
import org.virtio.pci.access.PciAddress;
import org.virtio.pci.access.Registers;

/** The configuration space of one function. */
record PciConfig(PciAddress address, Registers registers) {
    private static final int CONVENTIONAL_SIZE = 256;
    private static final int EXPRESS_SIZE = 4096;
    private static final int NOTHING = 0xffff;
    /** More than fit, so that a list without an end has one. */
    private static final int MAX_CAPABILITIES = 64;

    static PciConfig of(QtestSocket qtest, PciAddress address, Presence presence) throws IOException {
        PciConfig express = new PciConfig(address, QtestRegisters.ofMemory(qtest, Ecam.of(address), EXPRESS_SIZE, presence));
        return express.capability(PciLayout.EXPRESS) != 0 ? express
            : new PciConfig(address, express.registers().slice(0, CONVENTIONAL_SIZE));
    }

    /** Whether there is a function. */
    boolean isPresent() throws IOException {
        return registers.read16(PciLayout.VENDOR_ID) != NOTHING;
    }

    boolean isMultifunction() throws IOException {
        return (registers.read8(PciLayout.HEADER_TYPE) & PciLayout.HEADER_MULTIFUNCTION) != 0;
    }

    boolean isBridge() throws IOException {
        return (registers.read8(PciLayout.HEADER_TYPE) & PciLayout.HEADER_TYPE_MASK) == PciLayout.HEADER_TYPE_BRIDGE;
    }

    /** Where the first capability of an id is, or 0. */
    int capability(int id) throws IOException {
        if (!isPresent() || (registers.read16(PciLayout.STATUS) & PciLayout.STATUS_CAPABILITIES) == 0) {
            return 0;
        }
        int at = registers.read8(PciLayout.CAPABILITIES) & -Integer.BYTES;
        for (int i = 0; at != 0 && i < MAX_CAPABILITIES; i++) {
            if (registers.read8(at) == id) {
                return at;
            }
            at = registers.read8(at + 1) & -Integer.BYTES;
        }
        return 0;
    }

    /** Sets and clears bits of the command register. */
    void command(int cleared, int set) throws IOException {
        registers.write16(PciLayout.COMMAND, registers.read16(PciLayout.COMMAND) & ~cleared | set);
    }
}
