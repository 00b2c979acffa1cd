// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.MAP;

import com.fasterxml.jackson.jr.ob.JSON;
import java.lang.reflect.Proxy;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.felix.service.command.Converter;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.virtio.blk.BlockDeviceDTO;
import org.virtio.device.ConfigSpace;
import org.virtio.device.DeviceDTO;
import org.virtio.device.FeatureSet;
import org.virtio.queue.QueueDTO;
import org.virtio.shell.print.Json;
import org.virtio.spec.BlkFeature;
import org.virtio.spec.DeviceType;
import org.virtio.spec.NetFeature;

class DeviceFormsTest {
    private final DeviceConverter converter = new DeviceConverter();
    private final InfoDTO info = new InfoDTO();

    @BeforeEach
    void describe() {
        info.device = new DeviceDTO();
        info.device.name = "disk0";
        info.device.address = "vhost-user:/run/x.sock";
        info.device.transport = "vhost-user";
        info.device.type = "blk";
        info.device.state = "ready";
        info.device.status = "ACKNOWLEDGE|DRIVER";
        info.device.deviceFeatures = List.of("BLK_FLUSH", "RING_PACKED", "VERSION_1");
        info.device.negotiatedFeatures = List.of("BLK_FLUSH", "VERSION_1");
        info.device.maxQueues = 2;
        QueueDTO queue = new QueueDTO();
        queue.format = "split";
        queue.size = 256;
        queue.freeDescriptors = 256;
        queue.requests = 1_000_000;
        queue.buffers = 3_500_000;
        queue.indirect = 250_000;
        queue.bytesReadable = 16_000_000;
        queue.bytesWritten = 3L << 30;
        queue.owner = "poller";
        queue.latencySamples = 1_234;
        queue.latencyP50Nanos = 12_345;
        queue.latencyP99Nanos = 678_900;
        queue.latencyMaxNanos = 1_234_567_890;
        queue.latencyBounds = new long[] {12_345, 678_900, 1_234_567_890};
        queue.latencyCounts = new long[] {1_000, 233, 1};
        info.device.queues = List.of(queue);
        info.device.memoryAllocated = 1 << 20;
        info.device.memoryCapacity = 64 << 20;
        info.device.transportDetails = Map.of("protocol", List.of("MQ", "CONFIG"));
        info.block = new BlockDeviceDTO();
        info.block.id = "";
        info.block.capacity = 64 << 20;
        info.block.blockSize = 512;
        info.block.maxSegments = 126;
        info.block.maxSegmentSize = Integer.MAX_VALUE;
        info.block.maxDiscardBytes = 1 << 20;
    }

    private String print(Object thing) {
        return converter.format(thing, Converter.INSPECT, null).toString();
    }

    @Test
    void infoHasAllOfADevice() {
        assertThat(print(info)).isEqualTo("""
            disk0
              type                 blk
              address              vhost-user:/run/x.sock
              state                ready (ACKNOWLEDGE DRIVER)
              capacity             64 MiB (67,108,864 bytes)
              block size           512 bytes
              access               read and write, writethrough
              limits               segments 126 of any size, discard 1 MiB, write zeroes none
              features             BLK_FLUSH VERSION_1
              not taken            RING_PACKED
              queues               1 of 2
                queue 0            split, 256 descriptors, 0 in flight, owned by poller
                                   1,000,000 requests of 3.5 buffers, 25% indirect, 15.3 MiB to the device, 3 GiB from it
                                   latency p50 12.3 us, p99 678.9 us, max 1.23 s, of 1,234 timed
              memory               1 MiB of 64 MiB in use
              transport            vhost-user
                protocol           MQ CONFIG""");
    }

    @Test
    void infoOfADeviceThatNobodyHasSaysWhatItOffers() {
        info.block = null;
        info.device.negotiatedFeatures = List.of();
        info.device.queues = List.of();
        info.device.memoryCapacity = 0;
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("iommu", false);
        details.put("structures", List.of("common configuration: BAR 4", "notification: BAR 4"));
        info.device.transportDetails = details;
        assertThat(print(info)).isEqualTo("""
            disk0
              type                 blk
              address              vhost-user:/run/x.sock
              state                ready (ACKNOWLEDGE DRIVER)
              offered features     BLK_FLUSH RING_PACKED VERSION_1
              queues               0 of 2
              memory               none yet
              transport            vhost-user
                iommu              no
                structures         common configuration: BAR 4
                                   notification: BAR 4""");
    }

    @Test
    void infoOfADeclaredDeviceHasWhatThereIs() {
        DeviceDTO declared = new DeviceDTO();
        declared.name = "disk1";
        declared.address = "vhost-user:/run/y.sock";
        declared.state = "declared";
        declared.failure = "no transport";
        info.device = declared;
        info.block = null;
        assertThat(print(info)).isEqualTo("""
            disk1
              address              vhost-user:/run/y.sock
              state                declared
              failure              no transport""");
    }

    @Test
    void listAndQueuesAreTables() {
        assertThat(print(List.of(info.device))).isEqualTo("""
            NAME   TYPE  STATE  QUEUES  ADDRESS
            disk0  blk   ready       1  vhost-user:/run/x.sock""");
        assertThat(print(info.device.queues)).contains("REQUESTS").contains("1,000,000").contains("poller");
    }

    @Test
    void aPackedQueueHasPlacesWithTheirWrapCountersAndSaysHowOftenItBroke() {
        QueueDTO queue = info.device.queues.get(0);
        queue.format = "packed";
        queue.availableIndex = 0x8000 + 17;
        queue.usedIndex = 255;
        queue.requests = 0;
        queue.latencySamples = 0;
        queue.breaks = 2;
        queue.brokenReason = "the driver said so";
        queue.owner = null;
        assertThat(print(info)).contains(
            "packed, 256 descriptors, 0 in flight, free, broke 2 times, broken: the driver said so\n  memory");
        assertThat(print(info.device.queues)).isEqualTo("""
            QUEUE  FORMAT  SIZE  FREE  IN FLIGHT  AVAIL  USED   REQUESTS  COMPLETED    BUFFERS  INDIRECT  READABLE  WRITTEN  \
            NOTIFIED  SUPPRESSED  WAKE-UPS  FULL  BREAKS  OWNER
                0  packed   256   256          0  17:1   255:0         0          0  3,500,000   250,000  15.3 MiB  3 GiB    \
                   0           0         0     0       2  -      broken: the driver said so""");
    }

    private static ConfigSpace config(Map<Integer, Object> values) {
        return (ConfigSpace) Proxy.newProxyInstance(DeviceFormsTest.class.getClassLoader(),
            new Class<?>[] {ConfigSpace.class}, (self, method, arguments) -> method.getName().equals("readConsistently")
                ? ((ConfigSpace.Reader<?>) arguments[0]).read((ConfigSpace) self) : values.get(arguments[0]));
    }

    private String config(DeviceType type, FeatureSet features, Map<Integer, Object> values) throws Exception {
        return print(ConfigFields.read(type, config(values), features));
    }

    @Test
    void theConfigurationSpaceHasTheFieldsThatTheFeaturesMakeValid() throws Exception {
        assertThat(config(DeviceType.BLOCK, FeatureSet.of(BlkFeature.BLK_SIZE, BlkFeature.TOPOLOGY),
            Map.of(0, 131072L, 20, 4096L, 24, 3, 25, 0, 26, 1, 28, 8L))).isEqualTo("""
            OFFSET  FIELD                 VALUE
                 0  capacity            131,072  64 MiB
                20  blk_size              4,096  4 KiB
                24  physical_block_exp        3  8 blocks per physical block
                25  alignment_offset          0
                26  min_io_size               1  1 block
                28  opt_io_size               8  8 blocks""");
    }

    @Test
    void aNetworkDevicesFieldsComeWithAnyOfTheirFeatures() throws Exception {
        byte[] mac = {0x52, 0x54, 0, (byte) 0xab, 2, 1};
        assertThat(config(DeviceType.NETWORK, FeatureSet.of(NetFeature.MAC, NetFeature.STATUS, NetFeature.RSS, NetFeature.MTU,
            NetFeature.SPEED_DUPLEX), Map.of(0, mac, 6, 3, 8, 4, 10, 1500, 12, 0xffffffffL, 16, 1, 17, 40, 18, 128,
            20, 0x1ffL))).isEqualTo("""
            OFFSET  FIELD                                         VALUE
                 0  mac                               52:54:00:ab:02:01
                 6  status                                            3  link up, asks for announcements
                 8  max_virtqueue_pairs                               4
                10  mtu                                           1,500
                12  speed                                 4,294,967,295  not known
                16  duplex                                            1  full
                17  rss_max_key_size                                 40  40 bytes
                18  rss_max_indirection_table_length                128
                20  supported_hash_types                            511  0x1ff""");
        assertThat(config(DeviceType.NETWORK, FeatureSet.of(NetFeature.STATUS, NetFeature.SPEED_DUPLEX),
            Map.of(6, 0, 12, 10_000L, 16, 0))).isEqualTo("""
            OFFSET  FIELD    VALUE
                 6  status       0  link down
                12  speed   10,000  Mbit/s
                16  duplex       0  half""");
    }

    @Test
    void allFieldsOfAScsiHostAreValidAndAnEntropyDeviceHasNone() throws Exception {
        assertThat(config(DeviceType.SCSI_HOST, FeatureSet.NONE, Map.of(0, 1L, 4, 254L, 8, 65535L, 12, 128L, 16, 16L,
            20, 96L, 24, 32L, 28, 0, 30, 255, 32, 16383L))).isEqualTo("""
            OFFSET  FIELD             VALUE
                 0  num_queues            1
                 4  seg_max             254
                 8  max_sectors      65,535  32.0 MiB
                12  cmd_per_lun         128
                16  event_info_size      16  16 bytes
                20  sense_size           96  96 bytes
                24  cdb_size             32  32 bytes
                28  max_channel           0
                30  max_target          255
                32  max_lun          16,383""");
        assertThat(ConfigFields.areKnown(DeviceType.ENTROPY)).isTrue();
        assertThat(ConfigFields.read(DeviceType.ENTROPY, config(Map.of()), FeatureSet.NONE)).isEmpty();
        assertThat(ConfigFields.areKnown(DeviceType.CONSOLE)).isFalse();
    }

    @Test
    void theDumpIsJsonWithEveryField() throws Exception {
        Map<String, Object> dump = JSON.std.mapFrom(Json.of(info));
        assertThat(dump).containsOnlyKeys("device", "block");
        assertThat(dump.get("device")).asInstanceOf(MAP)
            .containsEntry("name", "disk0").containsEntry("failure", null)
            .containsEntry("negotiatedFeatures", List.of("BLK_FLUSH", "VERSION_1"))
            .containsEntry("transportDetails", Map.of("protocol", List.of("MQ", "CONFIG")));
        assertThat(((List<?>) ((Map<?, ?>) dump.get("device")).get("queues")).get(0)).asInstanceOf(MAP)
            .containsEntry("format", "split").containsEntry("indirect", 250_000).containsEntry("buffers", 3_500_000)
            .containsEntry("bytesReadable", 16_000_000).containsEntry("bytesWritten", 3L << 30).containsEntry("breaks", 0)
            .containsEntry("latencyBounds", List.of(12_345, 678_900, 1_234_567_890))
            .containsEntry("latencyCounts", List.of(1_000, 233, 1));
        assertThat(dump.get("block")).asInstanceOf(MAP)
            .containsEntry("capacity", 64 << 20);
    }
}
