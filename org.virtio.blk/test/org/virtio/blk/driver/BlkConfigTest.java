// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.virtio.blk.BlockLimits;
import org.virtio.blk.BlockTopology;
import org.virtio.device.VirtioException;
import org.virtio.spec.BlkConfigLayout;
import org.virtio.spec.BlkFeature;

class BlkConfigTest {
    private final FakeDevice device = new FakeDevice();

    private BlkConfig read() throws VirtioException {
        device.negotiate(BlkConfig.FEATURES);
        return BlkConfig.read(device.config(), device.negotiatedFeatures());
    }

    private void assertRefused(String message) {
        assertThatThrownBy(this::read).isInstanceOf(VirtioException.class).hasMessage(message);
    }

    @Test
    void fieldsWithoutTheirFeatureAreNotRead() throws VirtioException {
        for (int i = BlkConfigLayout.SIZE_MAX; i < BlkConfigLayout.SIZE; i++) {
            device.config(i, 1, 0xff);
        }
        device.offered = device.offered.without(BlkFeature.MQ).without(BlkFeature.FLUSH);

        assertThat(read()).isEqualTo(new BlkConfig(2048 * 512, 512, false, false, false, 1,
            new BlockLimits(Integer.MAX_VALUE, 1, 0, 0, 0, false), new BlockTopology(512, 0, 0, 0)));
    }

    @Test
    void everyFieldIsReadWhereItLies() throws VirtioException {
        device.offer(BlkFeature.SIZE_MAX, BlkConfigLayout.SIZE_MAX, 4, 65536)
            .offer(BlkFeature.SEG_MAX, BlkConfigLayout.SEG_MAX, 4, 126)
            .offer(BlkFeature.BLK_SIZE, BlkConfigLayout.BLK_SIZE, 4, 4096)
            .offer(BlkFeature.TOPOLOGY, BlkConfigLayout.PHYSICAL_BLOCK_EXP, 1, 3)
            .config(BlkConfigLayout.ALIGNMENT_OFFSET, 1, 2)
            .config(BlkConfigLayout.MIN_IO_SIZE, 2, 4)
            .config(BlkConfigLayout.OPT_IO_SIZE, 4, 0xffff_ffffL)
            .offer(BlkFeature.CONFIG_WCE, BlkConfigLayout.WRITEBACK, 1, 1)
            .offer(BlkFeature.MQ, BlkConfigLayout.NUM_QUEUES, 2, 0xffff)
            .offer(BlkFeature.DISCARD, BlkConfigLayout.MAX_DISCARD_SECTORS, 4, 15)
            .config(BlkConfigLayout.DISCARD_SECTOR_ALIGNMENT, 4, 16)
            .offer(BlkFeature.WRITE_ZEROES, BlkConfigLayout.MAX_WRITE_ZEROES_SECTORS, 4, 0xffff_ffffL)
            .config(BlkConfigLayout.WRITE_ZEROES_MAY_UNMAP, 1, 1)
            .offer(BlkFeature.RO)
            .capacity(2049);

        assertThat(read()).isEqualTo(new BlkConfig(2048 * 512, 4096, true, true, true, 65535,
            new BlockLimits(65536, 126, 4096, 8192, 0xffff_ffffL / 8 * 4096, true),
            new BlockTopology(32768, 8192, 16384, 0xffff_ffffL * 4096)));
    }

    @Test
    void zeroMeansNoLimitOrOneSegment() throws VirtioException {
        device.offer(BlkFeature.SIZE_MAX).offer(BlkFeature.SEG_MAX).offer(BlkFeature.DISCARD);

        BlockLimits limits = read().limits();
        assertThat(limits.maxSegmentSize()).isEqualTo(Integer.MAX_VALUE);
        assertThat(limits.maxSegments()).isEqualTo(1);
        assertThat(limits.maxDiscardBytes()).isEqualTo(0xffff_ffffL * 512);
    }

    @Test
    void limitsAboveTheRangeOfIntAreCut() throws VirtioException {
        device.offer(BlkFeature.SIZE_MAX, BlkConfigLayout.SIZE_MAX, 4, 0xffff_ffffL)
            .offer(BlkFeature.SEG_MAX, BlkConfigLayout.SEG_MAX, 4, 0xffff_ffffL);

        BlockLimits limits = read().limits();
        assertThat(limits.maxSegmentSize()).isEqualTo(Integer.MAX_VALUE);
        assertThat(limits.maxSegments()).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void theCacheIsWhatWritebackSaysOrElseWhatFlushSuggests() throws VirtioException {
        assertThat(read().writeback()).as("flush without config_wce").isTrue();
        device.offer(BlkFeature.CONFIG_WCE, BlkConfigLayout.WRITEBACK, 1, 0);
        assertThat(read().writeback()).as("writeback 0").isFalse();
    }

    @Test
    void numbersThatCannotBeMeantAreRefused() {
        device.config(BlkConfigLayout.CAPACITY, 8, -1);
        assertRefused("capacity 18446744073709551615 sectors is more than 18014398509481983");
        device.config(BlkConfigLayout.CAPACITY, 8, 1L << 54);
        assertRefused("capacity 18014398509481984 sectors is more than 18014398509481983");
        device.capacity(8);

        for (long size : new long[] {0, 256, 513, 1536, 1 << 21, 0xffff_ffffL}) {
            device.offer(BlkFeature.BLK_SIZE, BlkConfigLayout.BLK_SIZE, 4, size);
            assertRefused("blk_size " + size + " is not a power of two from 512 to 1048576");
        }
        device.config(BlkConfigLayout.BLK_SIZE, 4, 4096);

        device.config(BlkConfigLayout.NUM_QUEUES, 2, 0);
        assertRefused("num_queues 0 is less than 1");
        device.config(BlkConfigLayout.NUM_QUEUES, 2, 1);

        device.offer(BlkFeature.SIZE_MAX, BlkConfigLayout.SIZE_MAX, 4, 2048);
        assertRefused("size_max 2048 * seg_max 1 is less than the block size 4096");
        device.config(BlkConfigLayout.SIZE_MAX, 4, 4096);

        device.offer(BlkFeature.DISCARD, BlkConfigLayout.MAX_DISCARD_SECTORS, 4, 7);
        assertRefused("max_discard_sectors 7 is less than the block size 4096");
        device.config(BlkConfigLayout.MAX_DISCARD_SECTORS, 4, 8);

        device.offer(BlkFeature.TOPOLOGY, BlkConfigLayout.PHYSICAL_BLOCK_EXP, 1, 31);
        assertRefused("physical_block_exp 31 is more than 30");
    }

    @Test
    void aDeviceThatCannotBeMeantIsLetGo() {
        device.config(BlkConfigLayout.NUM_QUEUES, 2, 0);
        assertThatThrownBy(() -> Fixture.of(device)).isInstanceOf(VirtioException.class);
        assertThat(device.stops).isEqualTo(1);
        assertThat(device.memory.allocated()).isZero();
    }

    @Test
    void aQueueTooSmallForAReadIsRefused() {
        device.queueSize = 2;
        assertThatThrownBy(() -> Fixture.of(device)).isInstanceOf(VirtioException.class)
            .hasMessage("queue 0 has 2 descriptors; a read needs 3");
        assertThat(device.stops).isEqualTo(1);
    }

    @Test
    void asManyQueuesAsConfigurationAndTransportHave() throws VirtioException {
        device.config(BlkConfigLayout.NUM_QUEUES, 2, 5);
        device.maxQueues = 3;
        try (Fixture fixture = Fixture.of(device)) {
            assertThat(fixture.device.queueCount()).isEqualTo(3);
        }
    }
}
