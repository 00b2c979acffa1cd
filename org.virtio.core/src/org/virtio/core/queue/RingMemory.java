// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Little-endian memory that driver and device share. The name of each access says how strong it is, so that the ordering
 * of a ring can be read off its code. Offsets are in bytes; but for plain ones, accesses must be aligned to their size. Values
 * of 16 bits are unsigned, 0 to 65535.
 */
final class RingMemory {
    private static final VarHandle SHORT =
        MethodHandles.byteBufferViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT =
        MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG =
        MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final ByteBuffer bytes;

    RingMemory(ByteBuffer bytes) {
        this.bytes = bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Not ordered with anything: for memory that a later release publishes. */
    void putLongPlain(int offset, long value) {
        bytes.putLong(offset, value);
    }

    /** Not ordered with anything: for memory that a later release publishes. */
    void putShortPlain(int offset, int value) {
        bytes.putShort(offset, (short) value);
    }

    /** Not ordered with anything: for memory that an earlier acquire made visible. */
    long getLongPlain(int offset) {
        return bytes.getLong(offset);
    }

    /** In one piece, but not ordered: the caller has its own fence. */
    int getShortOpaque(int offset) {
        return (short) SHORT.getOpaque(bytes, offset) & 0xffff;
    }

    /** In one piece, but not ordered: the caller has its own fence, or none is needed. */
    void putShortOpaque(int offset, int value) {
        SHORT.setOpaque(bytes, offset, (short) value);
    }

    /** What follows is not read before it. */
    int getShortAcquire(int offset) {
        return (short) SHORT.getAcquire(bytes, offset) & 0xffff;
    }

    /** What precedes is visible to whoever sees it. */
    void putShortRelease(int offset, int value) {
        SHORT.setRelease(bytes, offset, (short) value);
    }

    /** In one piece, but not ordered: the caller has its own fence. */
    int getIntOpaque(int offset) {
        return (int) INT.getOpaque(bytes, offset);
    }

    /** In one piece, but not ordered: the caller has its own fence, or none is needed. */
    void putIntOpaque(int offset, int value) {
        INT.setOpaque(bytes, offset, value);
    }

    /** What follows is not read before it. */
    long getLongAcquire(int offset) {
        return (long) LONG.getAcquire(bytes, offset);
    }

    /** What precedes is visible to whoever sees it. */
    void putLongRelease(int offset, long value) {
        LONG.setRelease(bytes, offset, value);
    }

    /** Zeroes the first {@code length} bytes; not ordered with anything. */
    void clear(int length) {
        int i = 0;
        for (; i + Long.BYTES <= length; i += Long.BYTES) {
            bytes.putLong(i, 0);
        }
        for (; i < length; i++) {
            bytes.put(i, (byte) 0);
        }
    }
}
