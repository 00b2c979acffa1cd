// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.IOException;
import org.virtio.pci.access.PciAddress;

/**
 * The configuration spaces of a q35 machine, mapped into its memory (PCI Express Base 7.2.2). The way to have them mapped is
 * the chipset's: register PCIEXBAR of its host bridge, by the ports of PCI's configuration mechanism #1.
 */
final class Ecam {
    /** Where QEMU's q35 has them when its firmware does as this does: 256 MiB. */
    static final long BASE = 0xb000_0000L;

    private static final int ADDRESS_PORT = 0xcf8;
    private static final int DATA_PORT = 0xcfc;
    private static final long ENABLE = 0x8000_0000L;
    private static final int PCIEXBAR = 0x60;

    private Ecam() {
    }

    static void enable(QtestSocket qtest) throws IOException {
        write(qtest, PCIEXBAR + Integer.BYTES, BASE >>> Integer.SIZE);
        write(qtest, PCIEXBAR, BASE | 1);
    }

    private static void write(QtestSocket qtest, int register, long value) throws IOException {
        qtest.write("outl", ADDRESS_PORT, ENABLE | register);
        qtest.write("outl", DATA_PORT, value & 0xffff_ffffL);
    }

    /** Where the configuration space of a function is. */
    static long of(PciAddress address) {
        return BASE | (long) address.bus() << 20 | address.device() << 15 | address.function() << 12;
    }
}
