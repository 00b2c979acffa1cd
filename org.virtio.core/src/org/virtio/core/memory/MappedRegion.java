// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.memory;

import java.nio.ByteBuffer;

/**
 * A region that the device can reach.
 *
 * @param deviceAddress of its first byte, as the transport gave it
 * @param bytes         all of it
 */
record MappedRegion(SharedMemoryRegion region, long deviceAddress, ByteBuffer bytes, FreeList free) {
    MappedRegion(SharedMemoryRegion region, long deviceAddress) {
        this(region, deviceAddress, region.buffer(), new FreeList(region.size()));
    }
}
