// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.IOException;
import org.virtio.pci.access.Registers;

/**
 * A function's configuration space, in which the bit of the command register that disables INTx becomes the rig's once it
 * has been used: what the driver writes to it is ignored then, as it is by the kernel for a function that it hands over. So
 * a driver that changes the command register cannot undo, nor repeat, what the rig did meanwhile.
 */
final class IntxSwitch implements Registers {
    private static final int DISABLE = 1 << 10;
    private static final int HIGH_SHIFT = Byte.SIZE;

    private final Registers config;
    private boolean used;
    private int bit;

    IntxSwitch(Registers config) {
        this.config = config;
    }

    /** Lets the function raise its interrupt, or not; whether it wants one, its status register tells in both cases. */
    synchronized void enable(boolean enabled) throws IOException {
        used = true;
        bit = enabled ? 0 : DISABLE;
        write16(PciLayout.COMMAND, config.read16(PciLayout.COMMAND));
    }

    @Override
    public long size() {
        return config.size();
    }

    @Override
    public int read8(long offset) throws IOException {
        return config.read8(offset);
    }

    @Override
    public int read16(long offset) throws IOException {
        return config.read16(offset);
    }

    @Override
    public int read32(long offset) throws IOException {
        return config.read32(offset);
    }

    @Override
    public synchronized void write8(long offset, int value) throws IOException {
        boolean has = offset == PciLayout.COMMAND + 1;
        config.write8(offset, has ? replaced(value << HIGH_SHIFT) >>> HIGH_SHIFT : value);
    }

    @Override
    public synchronized void write16(long offset, int value) throws IOException {
        config.write16(offset, offset == PciLayout.COMMAND ? replaced(value) : value);
    }

    @Override
    public synchronized void write32(long offset, int value) throws IOException {
        config.write32(offset, offset == PciLayout.COMMAND ? replaced(value) : value);
    }

    private int replaced(int command) {
        return used ? command & ~DISABLE | bit : command;
    }
}
