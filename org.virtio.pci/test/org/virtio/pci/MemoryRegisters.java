// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.virtio.pci.access.Registers;

/** Registers that are nothing but memory. */
public final class MemoryRegisters implements Registers {
    /** What they hold. */
    public final ByteBuffer bytes;

    /** So many bytes of zero. */
    public MemoryRegisters(int size) {
        bytes = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public long size() {
        return bytes.capacity();
    }

    @Override
    public int read8(long offset) {
        return bytes.get((int) offset) & 0xff;
    }

    @Override
    public int read16(long offset) {
        return bytes.getShort(aligned(offset, Short.BYTES)) & 0xffff;
    }

    @Override
    public int read32(long offset) {
        return bytes.getInt(aligned(offset, Integer.BYTES));
    }

    @Override
    public void write8(long offset, int value) {
        bytes.put((int) offset, (byte) value);
    }

    @Override
    public void write16(long offset, int value) {
        bytes.putShort(aligned(offset, Short.BYTES), (short) value);
    }

    @Override
    public void write32(long offset, int value) {
        bytes.putInt(aligned(offset, Integer.BYTES), value);
    }

    private static int aligned(long offset, int width) {
        if (offset % width != 0) {
            throw new IllegalArgumentException(width + " bytes at " + offset);
        }
        return (int) offset;
    }
}
