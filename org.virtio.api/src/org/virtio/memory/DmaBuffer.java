// SPDX-License-Identifier: Apache-2.0
package org.virtio.memory;

import java.nio.ByteBuffer;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Memory that the device can read and write, so that data in it moves without a copy.
 *
 * <p>Bytes that have been made available to the device belong to the device until they come back used. Closing a buffer
 * returns its memory to the allocator; closing it again does nothing. Not thread-safe, but may be handed between threads.
 */
@ProviderType
public interface DmaBuffer extends AutoCloseable {
    /** Bytes in the buffer. */
    int size();

    /** The address by which the device knows the first byte; another one may, once the device is reached by another transport. */
    long deviceAddress();

    /** The address of the first byte in this process, which stays what it is. */
    default long address() {
        return deviceAddress();
    }

    /**
     * The buffer's memory, little-endian, position 0, limit {@link #size()}. Always the same object: use absolute
     * accesses, or a duplicate, where more than one thread or caller looks at it.
     */
    ByteBuffer bytes();

    /**
     * Returns the memory to the allocator. Must not be called while the device may still use it; if a queue of the device has
     * broken with requests in flight, nobody is given the memory again before the device has been reset.
     */
    @Override
    void close();
}
