// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci.rig;

import java.io.IOException;
import java.util.Objects;
import org.virtio.pci.access.Registers;

/**
 * Registers of a function in QEMU: each access is a command to it. Once the function is gone they read as all ones and take
 * nothing, as on a real bus; QEMU itself would read zeros where no device is.
 *
 * @param reading  the command that reads, without its width: {@code read} from memory, {@code in} from ports
 * @param writing  likewise
 * @param base     the address of the first
 * @param size     in bytes
 * @param presence of the function
 */
record QtestRegisters(QtestSocket qtest, String reading, String writing, long base, long size, Presence presence)
        implements Registers {
    private static final int ALL_ONES = -1;
    private static final int BYTE = 0xff;
    private static final int WORD = 0xffff;

    static QtestRegisters ofMemory(QtestSocket qtest, long base, long size, Presence presence) {
        return new QtestRegisters(qtest, "read", "write", base, size, presence);
    }

    static QtestRegisters ofPorts(QtestSocket qtest, long base, long size, Presence presence) {
        return new QtestRegisters(qtest, "in", "out", base, size, presence);
    }

    @Override
    public int read8(long offset) throws IOException {
        return read("b", offset, Byte.BYTES) & BYTE;
    }

    @Override
    public int read16(long offset) throws IOException {
        return read("w", offset, Short.BYTES) & WORD;
    }

    @Override
    public int read32(long offset) throws IOException {
        return read("l", offset, Integer.BYTES);
    }

    @Override
    public void write8(long offset, int value) throws IOException {
        write("b", offset, Byte.BYTES, value & BYTE);
    }

    @Override
    public void write16(long offset, int value) throws IOException {
        write("w", offset, Short.BYTES, value & WORD);
    }

    @Override
    public void write32(long offset, int value) throws IOException {
        write("l", offset, Integer.BYTES, value & 0xffff_ffffL);
    }

    private int read(String width, long offset, int length) throws IOException {
        long address = address(offset, length);
        int value = presence.isGone() ? ALL_ONES : (int) qtest.read(reading + width, address);
        // Again, because what was read may not have been the function any more.
        return presence.isGone() ? ALL_ONES : value;
    }

    private void write(String width, long offset, int length, long value) throws IOException {
        long address = address(offset, length);
        if (!presence.isGone()) {
            qtest.write(writing + width, address, value);
        }
    }

    private long address(long offset, int length) {
        Objects.checkFromIndexSize(offset, length, size);
        if (offset % length != 0) {
            throw new IllegalArgumentException("an access of " + length + " bytes at " + offset + ", not at a multiple of it");
        }
        return base + offset;
    }
}
