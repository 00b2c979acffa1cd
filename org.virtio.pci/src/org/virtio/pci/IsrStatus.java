// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import java.io.IOException;
import org.virtio.pci.access.MappedRegisters;
import org.virtio.pci.access.Registers;

/**
 * The ISR status byte (VIRTIO 1.3, section 4.1.4.5).
 *
 * @param registers its structure
 */
record IsrStatus(Registers registers) {
    private static final int ALL_ONES = 0xff;

    /**
     * Reads it, which clears it and lowers the interrupt line.
     *
     * @return bits of {@link org.virtio.spec.PciIsr}
     * @throws IOException also if it reads all ones: the function is gone
     */
    int take() throws IOException {
        int status = read();
        if (status == ALL_ONES) {
            throw new IOException("the function is gone: its ISR status reads all ones");
        }
        return status;
    }

    private int read() throws IOException {
        try {
            return registers.read8(0);
        } catch (InternalError e) {
            throw MappedRegisters.lost(e);
        }
    }
}
