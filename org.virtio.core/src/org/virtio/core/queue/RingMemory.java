// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Little-endian memory that driver and device share. The name of each access says how strong it is, so that the ordering
 * of a ring can be read off its code. Offsets are in bytes; 16-bit accesses must be 2-aligned. Values of 16 bits are
 * unsigned, 0 to 65535.
 */
final class RingMemory {
    private static final VarHandle SHORT =
        MethodHandles.byteBufferViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

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
}
