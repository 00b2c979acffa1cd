// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.virtio.pci.access.PciFunction;
import org.virtio.pci.access.Registers;

/**
 * A structure of a virtio function, as one of its capabilities tells (VIRTIO 1.3, section 4.1.4).
 *
 * @param type       1 common configuration, 2 notifications, 3 ISR, 4 device configuration, 5 access by configuration space
 * @param bar        index of the base address register that it lies behind
 * @param offset     there
 * @param length     in bytes
 * @param multiplier of notifications; otherwise without meaning
 */
record VirtioStructure(int type, int bar, int offset, int length, int multiplier) {
    static final int COMMON = 1;
    static final int NOTIFY = 2;
    static final int ISR = 3;
    static final int DEVICE = 4;

    private static final int CAPABILITIES = 0x34;
    private static final int VENDOR_SPECIFIC = 9;

    /** All that a function has, in the order in which it tells of them. */
    static List<VirtioStructure> of(PciFunction function) throws IOException {
        Registers config = function.config();
        List<VirtioStructure> structures = new ArrayList<>();
        for (int at = config.read8(CAPABILITIES); at != 0; at = config.read8(at + 1)) {
            if (config.read8(at) == VENDOR_SPECIFIC) {
                structures.add(new VirtioStructure(config.read8(at + 3), config.read8(at + 4), config.read32(at + 8),
                    config.read32(at + 12), config.read32(at + 16)));
            }
        }
        return structures;
    }

    /** The first of a type behind memory. */
    static VirtioStructure of(PciFunction function, int type) throws IOException {
        for (VirtioStructure structure : of(function)) {
            if (structure.type() == type && !function.isIoBar(structure.bar())) {
                return structure;
            }
        }
        throw new AssertionError("no structure of type " + type + " in " + of(function));
    }

    Registers registers(PciFunction function) throws IOException {
        return function.bar(bar).slice(offset, length);
    }
}
