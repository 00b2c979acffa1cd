// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import static org.virtio.spec.BlkConfigLayout.SECTOR_SIZE;

import org.virtio.blk.BlockLimits;
import org.virtio.blk.BlockTopology;
import org.virtio.device.ConfigSpace;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.spec.BlkConfigLayout;
import org.virtio.spec.BlkFeature;

/**
 * What a block device says of itself (VIRTIO 1.3, sections 5.2.4 and 5.2.5), every number checked.
 *
 * @param capacity  bytes, a multiple of the block size
 * @param blockSize bytes, a power of two from 512 to {@link #MAX_BLOCK_SIZE}
 * @param readOnly  whether it refuses writes
 * @param flush     whether it has the flush command
 * @param writeback whether writes are durable only after a flush
 * @param queues    how many it would like to be used, at least 1
 * @param limits    what it takes in a request
 * @param topology  how it would like its I/O
 */
record BlkConfig(long capacity, int blockSize, boolean readOnly, boolean flush, boolean writeback, int queues,
                 BlockLimits limits, BlockTopology topology) {
    /** What the driver can do. */
    static final FeatureSet FEATURES = FeatureSet.of(BlkFeature.SIZE_MAX, BlkFeature.SEG_MAX, BlkFeature.RO,
        BlkFeature.BLK_SIZE, BlkFeature.FLUSH, BlkFeature.TOPOLOGY, BlkFeature.CONFIG_WCE, BlkFeature.MQ, BlkFeature.DISCARD,
        BlkFeature.WRITE_ZEROES);
    /** The greatest block size that is taken for one: 1 MiB. */
    static final int MAX_BLOCK_SIZE = 1 << 20;

    private static final long MAX_SECTORS = Long.MAX_VALUE / SECTOR_SIZE;
    private static final long MAX_U32 = 0xffff_ffffL;
    /** Keeps the physical block size of the greatest block size below 2 to the 51st. */
    private static final int MAX_PHYSICAL_BLOCK_EXP = 30;

    /**
     * Reads and checks the configuration as of one generation.
     *
     * @throws VirtioException also if a number cannot be meant, naming it
     */
    static BlkConfig read(ConfigSpace config, FeatureSet features) throws VirtioException {
        return config.readConsistently(space -> new Fields(space, features).parse());
    }

    /** Reads the capacity alone, in bytes. */
    static long readCapacity(ConfigSpace config, int blockSize) throws VirtioException {
        return capacity(config.readConsistently(space -> space.readU64(BlkConfigLayout.CAPACITY)), blockSize);
    }

    private static long capacity(long sectors, int blockSize) throws VirtioException {
        if (sectors < 0 || sectors > MAX_SECTORS) {
            throw new VirtioException("capacity " + Long.toUnsignedString(sectors) + " sectors is more than " + MAX_SECTORS);
        }
        // The rest of a last block that is not whole cannot be reached with requests of whole blocks.
        long bytes = sectors * SECTOR_SIZE;
        return bytes - bytes % blockSize;
    }

    /**
     * Checks that all requests which this device took can be made of another one.
     *
     * @param capacityInUse in bytes: what users were told last
     * @throws VirtioException naming what has changed
     */
    void checkSuccessor(BlkConfig now, long capacityInUse) throws VirtioException {
        if (now.blockSize != blockSize) {
            throw new VirtioException("the block size was " + blockSize + " bytes and is " + now.blockSize + " now");
        }
        if (now.capacity < capacityInUse) {
            throw new VirtioException("the disk shrank from " + capacityInUse + " to " + now.capacity + " bytes");
        }
        if (!now.limits.allow(limits)) {
            throw new VirtioException("the disk takes less in a request: " + now.limits + " now, " + limits + " before");
        }
    }

    private record Fields(ConfigSpace space, FeatureSet features) {
        BlkConfig parse() throws VirtioException {
            int blockSize = blockSize();
            boolean flush = features.contains(BlkFeature.FLUSH);
            boolean writeback = features.contains(BlkFeature.CONFIG_WCE)
                ? space.readU8(BlkConfigLayout.WRITEBACK) != 0
                : flush;
            return new BlkConfig(BlkConfig.capacity(space.readU64(BlkConfigLayout.CAPACITY), blockSize), blockSize,
                features.contains(BlkFeature.RO), flush, writeback, queues(), limits(blockSize), topology(blockSize));
        }

        private int blockSize() throws VirtioException {
            long size = u32(BlkFeature.BLK_SIZE, BlkConfigLayout.BLK_SIZE, SECTOR_SIZE);
            if (size < SECTOR_SIZE || size > MAX_BLOCK_SIZE || Long.bitCount(size) != 1) {
                throw new VirtioException(
                    "blk_size " + size + " is not a power of two from " + SECTOR_SIZE + " to " + MAX_BLOCK_SIZE);
            }
            return (int) size;
        }

        private int queues() throws VirtioException {
            if (!features.contains(BlkFeature.MQ)) {
                return 1;
            }
            int queues = space.readU16(BlkConfigLayout.NUM_QUEUES);
            if (queues == 0) {
                throw new VirtioException("num_queues 0 is less than 1");
            }
            return queues;
        }

        private BlockLimits limits(int blockSize) throws VirtioException {
            int sizeMax = toInt(noLimitIfZero(u32(BlkFeature.SIZE_MAX, BlkConfigLayout.SIZE_MAX, 0), Integer.MAX_VALUE));
            int segMax = toInt(Math.max(1, u32(BlkFeature.SEG_MAX, BlkConfigLayout.SEG_MAX, 1)));
            if ((long) sizeMax * segMax < blockSize) {
                throw new VirtioException(
                    "size_max " + sizeMax + " * seg_max " + segMax + " is less than the block size " + blockSize);
            }
            long discard = rangeLimit(BlkFeature.DISCARD, BlkConfigLayout.MAX_DISCARD_SECTORS, "max_discard_sectors", blockSize);
            long zeroes = rangeLimit(BlkFeature.WRITE_ZEROES, BlkConfigLayout.MAX_WRITE_ZEROES_SECTORS,
                "max_write_zeroes_sectors", blockSize);
            return new BlockLimits(sizeMax, segMax, discard,
                u32(BlkFeature.DISCARD, BlkConfigLayout.DISCARD_SECTOR_ALIGNMENT, 0) * SECTOR_SIZE, zeroes,
                features.contains(BlkFeature.WRITE_ZEROES) && space.readU8(BlkConfigLayout.WRITE_ZEROES_MAY_UNMAP) != 0);
        }

        /** Bytes in a discard or write zeroes; 0 if the device has none. A limit of 0 is none, as Linux takes it. */
        private long rangeLimit(int feature, int offset, String name, int blockSize) throws VirtioException {
            if (!features.contains(feature)) {
                return 0;
            }
            long sectors = noLimitIfZero(space.readU32(offset), MAX_U32);
            long bytes = sectors * SECTOR_SIZE;
            if (bytes < blockSize) {
                throw new VirtioException(name + " " + sectors + " is less than the block size " + blockSize);
            }
            return bytes - bytes % blockSize;
        }

        private BlockTopology topology(int blockSize) throws VirtioException {
            if (!features.contains(BlkFeature.TOPOLOGY)) {
                return new BlockTopology(blockSize, 0, 0, 0);
            }
            int exponent = space.readU8(BlkConfigLayout.PHYSICAL_BLOCK_EXP);
            if (exponent > MAX_PHYSICAL_BLOCK_EXP) {
                throw new VirtioException("physical_block_exp " + exponent + " is more than " + MAX_PHYSICAL_BLOCK_EXP);
            }
            return new BlockTopology((long) blockSize << exponent,
                (long) blockSize * space.readU8(BlkConfigLayout.ALIGNMENT_OFFSET),
                (long) blockSize * space.readU16(BlkConfigLayout.MIN_IO_SIZE),
                blockSize * space.readU32(BlkConfigLayout.OPT_IO_SIZE));
        }

        private long u32(int feature, int offset, long otherwise) throws VirtioException {
            return features.contains(feature) ? space.readU32(offset) : otherwise;
        }

        private static int toInt(long value) {
            return (int) Math.min(value, Integer.MAX_VALUE);
        }

        private static long noLimitIfZero(long value, long noLimit) {
            return value == 0 ? noLimit : value;
        }
    }
}
