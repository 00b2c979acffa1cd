// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk;

/** Is told what happens to a block device, on a thread of the driver: return soon, do not throw. */
public interface BlockListener {
    /** The device has grown or shrunk; capacities in bytes. */
    void capacityChanged(BlockDevice device, long before, long now);
}
