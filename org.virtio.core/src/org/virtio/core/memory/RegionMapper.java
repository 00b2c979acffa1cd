// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.memory;

import org.virtio.device.VirtioException;
import org.virtio.memory.MemoryRegion;

/** Makes regions visible to the device: {@code Transport.map}. */
@FunctionalInterface
public interface RegionMapper {
    /**
     * Maps a region.
     *
     * @return the address by which the device knows its first byte
     * @throws VirtioException if the device can be given no further region
     */
    long map(MemoryRegion region) throws VirtioException;
}
