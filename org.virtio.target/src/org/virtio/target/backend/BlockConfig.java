// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.backend;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.virtio.device.FeatureSet;
import org.virtio.spec.BlkConfigLayout;
import org.virtio.spec.BlkFeature;
import org.virtio.spec.Feature;
import org.virtio.target.queue.BlockDevice;
import org.virtio.user.message.DeviceConfig;
import org.virtio.user.message.DeviceConfigLayout;

/** The features and the configuration space of a block device. Thread-safe. */
final class BlockConfig {
    /** As many as others have: with header and status they fill a queue of 128. */
    private static final int SEG_MAX = 126;

    private final BlockDevice device;
    private final int queues;
    private final FeatureSet withheld;

    /** Of a device that does not offer what is withheld, though it could. */
    BlockConfig(BlockDevice device, int queues, FeatureSet withheld) {
        this.device = device;
        this.queues = queues;
        this.withheld = withheld;
    }

    /** What the device offers. */
    FeatureSet features() {
        FeatureSet features = FeatureSet.of(Feature.VERSION_1, Feature.EVENT_IDX, Feature.INDIRECT_DESC,
            Feature.RING_PACKED, Feature.IN_ORDER, Feature.RING_RESET, Feature.VHOST_USER_PROTOCOL_FEATURES,
            BlkFeature.SEG_MAX, BlkFeature.BLK_SIZE, BlkFeature.FLUSH, BlkFeature.TOPOLOGY, BlkFeature.CONFIG_WCE);
        if (queues > 1) {
            features = features.with(BlkFeature.MQ);
        }
        features = device.readOnly()
            ? features.with(BlkFeature.RO)
            : features.with(BlkFeature.DISCARD).with(BlkFeature.WRITE_ZEROES);
        return features.minus(withheld);
    }

    /**
     * Sets the cache mode that goes with the features that were accepted (VIRTIO 1.3, sections 5.2.5.2 and 5.2.6.2). Front
     * ends may set some features ahead of the rest: without FLUSH at first and with it then, the cache is as for a new one.
     */
    void accept(FeatureSet before, FeatureSet accepted) {
        if (!accepted.contains(BlkFeature.FLUSH)) {
            device.setWritethrough(true);
        } else if (!accepted.contains(BlkFeature.CONFIG_WCE) || !before.contains(BlkFeature.FLUSH)) {
            device.setWritethrough(false);
        }
    }

    /** Sets the cache mode that the device has for a new front end. */
    void reset() {
        device.setWritethrough(false);
    }

    /**
     * Part of the configuration space, and zeros behind its end: some front ends ask for more than there is.
     *
     * @return null if the part begins or ends beyond what any device has
     */
    byte[] read(int offset, int length) {
        if (offset < 0 || length < 0 || offset > DeviceConfigLayout.MAX_CONTENTS - length) {
            return null;
        }
        byte[] contents = new byte[length];
        ByteBuffer space = space();
        for (int i = 0; i < length && offset + i < BlkConfigLayout.SIZE; i++) {
            contents[i] = space.get(offset + i);
        }
        return contents;
    }

    private ByteBuffer space() {
        int segments = device.readOnly() ? 0 : BlockDevice.MAX_SEGMENTS;
        int sectors = device.readOnly() ? 0 : BlockDevice.MAX_SEGMENT_SECTORS;
        return ByteBuffer.allocate(BlkConfigLayout.SIZE).order(ByteOrder.LITTLE_ENDIAN)
            .putLong(BlkConfigLayout.CAPACITY, device.disk().size() / BlkConfigLayout.SECTOR_SIZE)
            .putInt(BlkConfigLayout.SEG_MAX, SEG_MAX)
            .putInt(BlkConfigLayout.BLK_SIZE, device.blockSize())
            .putShort(BlkConfigLayout.MIN_IO_SIZE, (short) 1)
            .put(BlkConfigLayout.WRITEBACK, (byte) (device.writethrough() ? 0 : 1))
            .putShort(BlkConfigLayout.NUM_QUEUES, (short) queues)
            .putInt(BlkConfigLayout.MAX_DISCARD_SECTORS, sectors)
            .putInt(BlkConfigLayout.MAX_DISCARD_SEG, segments)
            .putInt(BlkConfigLayout.DISCARD_SECTOR_ALIGNMENT, device.blockSize() / BlkConfigLayout.SECTOR_SIZE)
            .putInt(BlkConfigLayout.MAX_WRITE_ZEROES_SECTORS, sectors)
            .putInt(BlkConfigLayout.MAX_WRITE_ZEROES_SEG, segments);
    }

    /**
     * Writes the one field that a driver may write, the cache mode.
     *
     * @throws RefusedException if it is anything else
     */
    void write(DeviceConfig config) throws RefusedException {
        byte[] contents = config.contents();
        if (config.flags() != DeviceConfigLayout.FLAG_WRITABLE || config.offset() != BlkConfigLayout.WRITEBACK
                || contents.length != 1 || contents[0] < 0 || contents[0] > 1) {
            throw new RefusedException(contents.length + " bytes of configuration at offset " + config.offset()
                + ", flags " + config.flags() + ": only writeback, 1 byte at " + BlkConfigLayout.WRITEBACK
                + ", can be written, with 0 or 1");
        }
        device.setWritethrough(contents[0] == 0);
    }
}
