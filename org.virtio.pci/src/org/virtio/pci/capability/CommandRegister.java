// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.capability;

import java.io.IOException;
import org.virtio.pci.access.Registers;

/**
 * The command register of a function (PCI Local Bus 3.0, section 6.2.2): the {@code COMMAND_} bits of
 * {@link ConfigHeaderLayout}. Changes are
 * made one at a time, so that an interrupt that is unmasked by another thread does not undo what is done to close a function.
 */
public final class CommandRegister {
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
            int command = config.read16(ConfigHeaderLayout.COMMAND);
            if (command != ConfigHeaderLayout.NO_FUNCTION) {
                config.write16(ConfigHeaderLayout.COMMAND, command & ~mask | value);
            }
        }
    }
}
