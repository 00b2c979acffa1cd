// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk;

/**
 * What a device takes in one request (VIRTIO 1.3, section 5.2.4); larger ones are split by the driver.
 *
 * @param maxSegmentSize        bytes in a segment, at least 1; {@link Integer#MAX_VALUE} where the device sets no limit
 * @param maxSegments           data segments in a request, at least 1
 * @param maxDiscardBytes       bytes in a discard segment, a multiple of 512; 0 if the device has no discard
 * @param discardAlignment      bytes at multiples of which discards do best; 0 if unknown
 * @param maxWriteZeroesBytes   bytes in a write zeroes segment, a multiple of 512; 0 if the device has no write zeroes
 * @param writeZeroesMayUnmap   whether a write zeroes request may deallocate
 */
public record BlockLimits(int maxSegmentSize, int maxSegments, long maxDiscardBytes, long discardAlignment,
                          long maxWriteZeroesBytes, boolean writeZeroesMayUnmap) {
    /** Whether a request within other limits is within these. */
    public boolean allow(BlockLimits other) {
        return maxSegmentSize >= other.maxSegmentSize && maxSegments >= other.maxSegments
            && maxDiscardBytes >= other.maxDiscardBytes && maxWriteZeroesBytes >= other.maxWriteZeroesBytes;
    }
}
