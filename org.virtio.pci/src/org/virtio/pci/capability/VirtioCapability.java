// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.capability;

import java.io.IOException;
import org.virtio.pci.access.Registers;
import org.virtio.spec.PciCapabilityLayout;

/**
 * A virtio capability as the device has it (VIRTIO 1.3, section 4.1.4), unchecked.
 *
 * @param at       where it is in configuration space, in bytes
 * @param capLen   bytes of the capability: at least 16, and within configuration space
 * @param type     of the structure that it is about
 * @param bar      the base address register behind which that structure is
 * @param offset   of the structure, in bytes, unsigned 32 bits
 * @param length   of the structure, in bytes, unsigned 32 bits
 * @param extra    the le32 that follows, such as {@code notify_off_multiplier}; 0 where the capability has none
 */
public record VirtioCapability(int at, int capLen, int type, int bar, long offset, long length, long extra) {
    static VirtioCapability read(Registers config, int at, int capLen) throws IOException {
        boolean more = capLen >= PciCapabilityLayout.SIZE + Integer.BYTES;
        return new VirtioCapability(at, capLen, config.read8(at + PciCapabilityLayout.CFG_TYPE),
            config.read8(at + PciCapabilityLayout.BAR), u32(config, at + PciCapabilityLayout.OFFSET),
            u32(config, at + PciCapabilityLayout.LENGTH), more ? u32(config, at + PciCapabilityLayout.SIZE) : 0);
    }

    private static long u32(Registers config, int offset) throws IOException {
        return Integer.toUnsignedLong(config.read32(offset));
    }

    /** For people: where the structure is. */
    @Override
    public String toString() {
        return "BAR " + bar + ", " + CapabilityList.hex(length) + " bytes at " + CapabilityList.hex(offset);
    }
}
