// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.sysfs;

import java.io.IOException;
import org.virtio.pci.access.Registers;

/**
 * The command register of a function's configuration space: 16 bits at offset 4 (PCI Local Bus 3.0, section 6.2.2). Changes are
 * made one at a time, so that an interrupt that is unmasked by another thread does not undo what is done to close a function.
 */
public final class CommandRegister {
    /** The function may read and write memory of the host. */
    public static final int BUS_MASTER = 1 << 2;
    /** The function does not assert its INTx interrupt. */
    public static final int INTX_DISABLE = 1 << 10;

    private static final int OFFSET = 4;
    /** What a function that was removed reads as. */
    private static final int GONE = 0xffff;

    private CommandRegister() {
    }

    /** Sets bits; does nothing if the function was removed. */
    public static void set(Registers config, int bits) throws IOException {
        change(config, bits, bits);
    }

    /** Clears bits; does nothing if the function was removed. */
    public static void clear(Registers config, int bits) throws IOException {
        change(config, bits, 0);
    }

    private static void change(Registers config, int mask, int value) throws IOException {
        synchronized (config) {
            int command = config.read16(OFFSET);
            if (command != GONE) {
                config.write16(OFFSET, command & ~mask | value);
            }
        }
    }
}
