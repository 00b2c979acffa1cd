// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.capability;

import static org.virtio.spec.PciCapabilityLayout.PCI_CFG_DATA;

import java.io.IOException;
import java.util.Objects;
import org.virtio.pci.access.Registers;
import org.virtio.spec.PciCapabilityLayout;

/**
 * A structure behind a base address register, reached through configuration space (VIRTIO 1.3, section 4.1.4.9): three writes
 * set a window up, then it is read or written. Slow; for where the base address register itself cannot be reached.
 *
 * @param config    configuration space, which is also what the accesses of all windows are serialised by
 * @param at        where the capability of type PCI_CFG is
 * @param structure the structure
 * @param size      of it, as far as it is used
 */
record ConfigWindow(Registers config, int at, VirtioCapability structure, long size) implements Registers {
    @Override
    public int read8(long offset) throws IOException {
        synchronized (config) {
            aim(offset, Byte.BYTES);
            return config.read8(at + PCI_CFG_DATA);
        }
    }

    @Override
    public int read16(long offset) throws IOException {
        synchronized (config) {
            aim(offset, Short.BYTES);
            return config.read16(at + PCI_CFG_DATA);
        }
    }

    @Override
    public int read32(long offset) throws IOException {
        synchronized (config) {
            aim(offset, Integer.BYTES);
            return config.read32(at + PCI_CFG_DATA);
        }
    }

    @Override
    public void write8(long offset, int value) throws IOException {
        synchronized (config) {
            aim(offset, Byte.BYTES);
            config.write8(at + PCI_CFG_DATA, value);
        }
    }

    @Override
    public void write16(long offset, int value) throws IOException {
        synchronized (config) {
            aim(offset, Short.BYTES);
            config.write16(at + PCI_CFG_DATA, value);
        }
    }

    @Override
    public void write32(long offset, int value) throws IOException {
        synchronized (config) {
            aim(offset, Integer.BYTES);
            config.write32(at + PCI_CFG_DATA, value);
        }
    }

    private void aim(long offset, int width) throws IOException {
        Objects.checkFromIndexSize(offset, width, size());
        config.write8(at + PciCapabilityLayout.BAR, structure.bar());
        config.write32(at + PciCapabilityLayout.OFFSET, (int) (structure.offset() + offset));
        config.write32(at + PciCapabilityLayout.LENGTH, width);
    }
}
