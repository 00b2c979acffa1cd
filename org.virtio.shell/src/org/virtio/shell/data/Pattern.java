// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.data;

import java.nio.ByteBuffer;

/**
 * What a checked range holds: little-endian 64-bit words, each of which follows from its position on the device and a seed
 * and from nothing else, so that a block in the wrong place, or left from another time, is found and can be told.
 */
public final class Pattern {
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;
    private static final long MIX_1 = 0xbf58476d1ce4e5b9L;
    private static final long MIX_2 = 0x94d049bb133111ebL;
    private static final long UNMIX_1 = 0x96de1b173f119089L;
    private static final long UNMIX_2 = 0x319642b2d24d8ec3L;

    private final long offset;

    /** The pattern of a seed. */
    public Pattern(long seed) {
        this.offset = (seed + 1) * GOLDEN;
    }

    /** The word at a position, a multiple of 8 bytes. */
    public long word(long position) {
        long z = (position >>> 3) + offset;
        z = (z ^ z >>> 30) * MIX_1;
        z = (z ^ z >>> 27) * MIX_2;
        return z ^ z >>> 31;
    }

    /** The position at which this word belongs, whatever the size of the device: the inverse of {@link #word}. */
    public long positionOf(long word) {
        long z = word ^ word >>> 31 ^ word >>> 62;
        z *= UNMIX_2;
        z = (z ^ z >>> 27 ^ z >>> 54) * UNMIX_1;
        z = z ^ z >>> 30 ^ z >>> 60;
        return z - offset << 3;
    }

    /** Fills the first {@code length} bytes of a little-endian buffer with what belongs at a position. */
    public void fill(ByteBuffer buffer, int length, long position) {
        for (int i = 0; i < length; i += Long.BYTES) {
            buffer.putLong(i, word(position + i));
        }
    }

    /** The index of the first word of a little-endian buffer that is not what belongs at a position, in bytes; -1 if none. */
    public int mismatch(ByteBuffer buffer, int length, long position) {
        for (int i = 0; i < length; i += Long.BYTES) {
            if (buffer.getLong(i) != word(position + i)) {
                return i;
            }
        }
        return -1;
    }
}
