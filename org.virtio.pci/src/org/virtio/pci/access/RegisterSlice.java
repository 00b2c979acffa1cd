// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.access;

import java.io.IOException;
import java.util.Objects;

/** Part of other registers: see {@link Registers#slice}. */
record RegisterSlice(Registers whole, long offset, long size) implements Registers {
    @Override
    public int read8(long at) throws IOException {
        return whole.read8(place(at, Byte.BYTES));
    }

    @Override
    public int read16(long at) throws IOException {
        return whole.read16(place(at, Short.BYTES));
    }

    @Override
    public int read32(long at) throws IOException {
        return whole.read32(place(at, Integer.BYTES));
    }

    @Override
    public void write8(long at, int value) throws IOException {
        whole.write8(place(at, Byte.BYTES), value);
    }

    @Override
    public void write16(long at, int value) throws IOException {
        whole.write16(place(at, Short.BYTES), value);
    }

    @Override
    public void write32(long at, int value) throws IOException {
        whole.write32(place(at, Integer.BYTES), value);
    }

    /** Of the whole, so that a slice of a slice costs no more than a slice. */
    @Override
    public Registers slice(long at, long length) {
        return new RegisterSlice(whole, offset + Objects.checkFromIndexSize(at, length, size), length);
    }

    private long place(long at, int length) {
        return offset + Objects.checkFromIndexSize(at, length, size);
    }
}
