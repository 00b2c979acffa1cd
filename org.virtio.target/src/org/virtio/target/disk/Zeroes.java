// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.disk;

import java.nio.ByteBuffer;

/** Zeros to copy from: the JDK has no way to fill part of a buffer. */
final class Zeroes {
    static final int SIZE = 1 << 18;

    private static final ByteBuffer BUFFER = ByteBuffer.allocateDirect(SIZE).asReadOnlyBuffer();

    private Zeroes() {
    }

    /** For absolute access only: everyone shares its position. */
    static ByteBuffer shared() {
        return BUFFER;
    }

    /** With a position of its own. */
    static ByteBuffer view(int length) {
        return BUFFER.duplicate().limit(length);
    }
}
