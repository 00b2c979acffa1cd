// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.access;

import java.io.IOException;
import java.util.Objects;

/**
 * Registers of a PCI function: its configuration space, or what lies behind one of its base address registers. They are
 * little-endian, and each call is one access of that width, neither merged with another nor split; it is ordered after all
 * stores to memory that precede it in the program. Thread-safe.
 *
 * <p>A function that has been removed reads as all ones.
 */
public interface Registers {
    /** How many bytes there are. */
    long size();

    /**
     * Reads a byte.
     *
     * @return 0 to 255
     * @throws IOException               if the path to the function is broken
     * @throws IndexOutOfBoundsException if the offset is not below {@link #size()}
     */
    int read8(long offset) throws IOException;

    /** Reads a le16 at a multiple of 2, as {@link #read8}; 0 to 65535. */
    int read16(long offset) throws IOException;

    /** Reads a le32 at a multiple of 4, as {@link #read8}. */
    int read32(long offset) throws IOException;

    /** Writes the low 8 bits of a value; throws as {@link #read8}. */
    void write8(long offset, int value) throws IOException;

    /** Writes the low 16 bits of a value at a multiple of 2; throws as {@link #read8}. */
    void write16(long offset, int value) throws IOException;

    /** Writes 32 bits at a multiple of 4; throws as {@link #read8}. */
    void write32(long offset, int value) throws IOException;

    /**
     * Registers of which the first is this one's at an offset: a structure within a base address register.
     *
     * @param offset in bytes
     * @param length in bytes
     * @throws IndexOutOfBoundsException if they are not all within these registers
     */
    default Registers slice(long offset, long length) {
        Objects.checkFromIndexSize(offset, length, size());
        return offset == 0 && length == size() ? this : new RegisterSlice(this, offset, length);
    }
}
