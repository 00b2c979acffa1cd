// SPDX-License-Identifier: Apache-2.0
package org.virtio.memory;

import java.nio.ByteBuffer;
import org.osgi.annotation.versioning.ProviderType;

/**
 * A contiguous range of shared memory, backed by a file descriptor that a transport can hand to the device.
 * The core owns regions; a transport only makes them visible to its device ({@code Transport.map}).
 */
@ProviderType
public interface MemoryRegion {
    /** The virtual address of the first byte in this process. */
    long address();

    /** Bytes in the region, a multiple of the page size, at most 2 GiB - 1 page. */
    int size();

    /** The file descriptor that backs the region, valid as long as the region is; the caller must not close it. */
    int fd();

    /** Where the region starts in the file, in bytes. */
    long fileOffset();

    /** All of the region, little-endian; each call returns a new view. */
    ByteBuffer buffer();
}
