// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk;

/**
 * How a device would like its I/O to be laid out (VIRTIO 1.3, section 5.2.4); all in bytes.
 *
 * @param physicalBlockSize a multiple of the block size
 * @param alignmentOffset   of the first aligned block
 * @param minIoSize         suggested least size; 0 if unknown
 * @param optIoSize         suggested greatest size; 0 if unknown
 */
public record BlockTopology(long physicalBlockSize, long alignmentOffset, long minIoSize, long optIoSize) {
}
