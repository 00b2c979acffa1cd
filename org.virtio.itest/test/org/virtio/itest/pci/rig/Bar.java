// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.virtio.pci.access.Registers;

/**
 * What lies behind a base address register (PCI Local Bus 3.0, 6.2.5.1).
 *
 * @param index   of the register, for one of 64 bits the lower
 * @param io      whether these are ports
 * @param address of the first byte
 * @param size    in bytes
 */
record Bar(int index, boolean io, long address, long size) {
    private static final int IO = 1;
    private static final int TYPE_MASK = 6;
    private static final int TYPE_64 = 4;
    private static final int IO_FLAGS = 3;
    private static final int MEMORY_FLAGS = 15;
    private static final int ALL_ONES = -1;
    private static final long LOW_32 = 0xffff_ffffL;

    /** Gives each register of a function an address: those of 64 bits too one that fits into 32. */
    static List<Bar> assign(Registers config, int registers, Window memory, Window ports) throws IOException {
        List<Bar> bars = new ArrayList<>();
        int index = 0;
        while (index < registers) {
            int at = PciLayout.BARS + index * Integer.BYTES;
            config.write32(at, ALL_ONES);
            int probed = config.read32(at);
            boolean wide = (probed & (IO | TYPE_MASK)) == TYPE_64;
            if (probed != 0) {
                bars.add(assign(config, index, probed, wide, (probed & IO) != 0 ? ports : memory));
            }
            index += wide ? 2 : 1;
        }
        return bars;
    }

    /** Writes an address into a register that has told what it is. */
    private static Bar assign(Registers config, int index, int probed, boolean wide, Window window) throws IOException {
        int at = PciLayout.BARS + index * Integer.BYTES;
        boolean io = (probed & IO) != 0;
        long size = -(probed & ~(io ? IO_FLAGS : MEMORY_FLAGS)) & LOW_32;
        if (wide) {
            config.write32(at + Integer.BYTES, 0);
        }
        if (io) {
            // Ports have 16 bits; the upper half may be hard-wired to zero.
            size &= 0xffff;
        }
        long address = window.reserve(size, size);
        config.write32(at, (int) address);
        return new Bar(index, io, address, size);
    }

    Registers registers(QtestSocket qtest, Presence presence) {
        return io ? QtestRegisters.ofPorts(qtest, address, size, presence)
            : QtestRegisters.ofMemory(qtest, address, size, presence);
    }
}
