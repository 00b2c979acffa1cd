// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci.access;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import org.virtio.posix.Mapping;

/**
 * Registers that are mapped into this process, so that an access is one machine instruction. After {@link #close()} they
 * read zeros, and what is written is lost.
 *
 * <p>Fences stand between the accesses, so that the compiler may neither merge, split, repeat nor leave out one, nor move it
 * across another access of memory. Stores are plain ones: where the host takes a mapping away, HotSpot survives the fault of a
 * plain store, but not that of the exchange that it makes of an ordered 16-bit one. It makes an {@link InternalError} of the
 * fault, which the thread meets some time later, mostly in what it does next: so it is not caught here, but by those who access
 * registers ({@link #lost}). What was read until then may be anything.
 */
public final class MappedRegisters implements Registers, AutoCloseable {
    private static final VarHandle INT = MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle SHORT = MethodHandles.byteBufferViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

    private final Mapping mapping;
    private final ByteBuffer bytes;

    /**
     * Takes a mapping over.
     *
     * @throws IllegalStateException if it is too large for a buffer: see {@link Mapping#buffer()}
     */
    public MappedRegisters(Mapping mapping) {
        this.mapping = mapping;
        this.bytes = mapping.buffer();
    }

    /** What an access to registers, or whatever came after it, has met where the host took their mapping away. */
    public static IOException lost(InternalError e) {
        return new IOException("the mapping of the function's registers is gone: the host has taken it away", e);
    }

    @Override
    public long size() {
        return mapping.size();
    }

    @Override
    public int read8(long offset) {
        VarHandle.fullFence();
        int value = bytes.get(index(offset, Byte.BYTES)) & 0xff;
        VarHandle.fullFence();
        return value;
    }

    @Override
    public int read16(long offset) {
        VarHandle.fullFence();
        return (short) SHORT.getVolatile(bytes, index(offset, Short.BYTES)) & 0xffff;
    }

    @Override
    public int read32(long offset) {
        VarHandle.fullFence();
        return (int) INT.getVolatile(bytes, index(offset, Integer.BYTES));
    }

    @Override
    public void write8(long offset, int value) {
        VarHandle.releaseFence();
        bytes.put(index(offset, Byte.BYTES), (byte) value);
        VarHandle.fullFence();
    }

    /** Release is enough: the store is ordered after all that the driver wrote, and nothing is read that depends on it. */
    @Override
    public void write16(long offset, int value) {
        VarHandle.releaseFence();
        SHORT.set(bytes, index(offset, Short.BYTES), (short) value);
    }

    @Override
    public void write32(long offset, int value) {
        VarHandle.releaseFence();
        INT.set(bytes, index(offset, Integer.BYTES), value);
    }

    private int index(long offset, int length) {
        return (int) Objects.checkFromIndexSize(offset, length, size());
    }

    @Override
    public void close() {
        mapping.close();
    }
}
