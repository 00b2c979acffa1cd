// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.memory;

import java.nio.ByteBuffer;

/**
 * A region that buffers are cut from.
 *
 * @param bytes all of it
 */
record MappedRegion(SharedMemoryRegion region, ByteBuffer bytes, FreeList free) {
    MappedRegion(SharedMemoryRegion region) {
        this(region, region.buffer(), new FreeList(region.size()));
    }
}
