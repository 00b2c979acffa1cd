// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.disk;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Bytes that can be read and written at positions. The caller checks every range against {@link #size()}. Thread-safe as far
 * as a disk is: requests that overlap and run at once give any mixture of their bytes. Buffers are little-endian views of
 * shared memory and are accessed at absolute indexes, because several threads use the same one.
 */
public interface Disk extends AutoCloseable {
    /** Bytes, 0 or more; never becomes less. */
    long size();

    /** Reads {@code length} bytes at {@code position} into {@code target} from {@code index} on. */
    void read(long position, ByteBuffer target, int index, int length) throws IOException;

    /** Writes {@code length} bytes of {@code source}, from {@code index} on, at {@code position}. */
    void write(long position, ByteBuffer source, int index, int length) throws IOException;

    /** Makes the range read as zeros. */
    void writeZeroes(long position, long length) throws IOException;

    /** Is told that nobody needs the range's contents any more. */
    void discard(long position, long length) throws IOException;

    /** Returns when everything that was written before is as durable as it will ever be. */
    void flush() throws IOException;

    /**
     * Grows the disk; the new bytes read as zeros.
     *
     * @param newSize bytes, not below {@link #size()}
     */
    void grow(long newSize) throws IOException;

    /** Frees what the disk holds; does nothing when closed. */
    @Override
    void close();
}
