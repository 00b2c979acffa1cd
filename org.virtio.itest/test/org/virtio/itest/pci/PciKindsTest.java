// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.pci;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.virtio.device.DeviceAddress;
import org.virtio.device.DeviceListener;
import org.virtio.device.DeviceState;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioDevice;
import org.virtio.itest.felix.Session;
import org.virtio.itest.pci.rig.QtestMachine;
import org.virtio.itest.support.Await;
import org.virtio.spec.DeviceType;
import org.virtio.spec.NetConfigLayout;
import org.virtio.spec.NetFeature;
import org.virtio.spec.ScsiConfigLayout;
import org.virtio.spec.ScsiFeature;

/** Devices of QEMU's that no driver is there for: they can be looked at, and whoever has them can use their queues. */
public class PciKindsTest extends MachineTest {
    private static final byte[] NOTHING = {};
    private static final int RANDOM_BYTES = 64;

    private static final FeatureSet NET_FEATURES =
        FeatureSet.of(NetFeature.MAC, NetFeature.STATUS, NetFeature.MRG_RXBUF, NetFeature.CTRL_VQ);
    /** Bytes of {@code struct virtio_net_hdr} (VIRTIO 1.3, section 5.1.6), whose last field is the number of buffers. */
    private static final int NET_HEADER = 12;
    private static final int NUM_BUFFERS = 10;
    private static final int FRAME = 60;
    private static final int MAX_FRAME = 1514;
    /** Kept free for experiments. */
    private static final short ETHER_TYPE = (short) 0x88b5;

    /** Offsets and sizes in {@code struct virtio_scsi_req_cmd} (section 5.6.6.1). */
    private static final int CDB = 19;
    private static final int RESPONSE = 11;
    private static final int SENSE = 12;
    private static final int BAD_TARGET = 3;
    private static final int INQUIRY = 0x12;
    private static final int INQUIRY_BYTES = 36;

    private Session session;

    @Before
    public void openSession() {
        session = new Session(virtio);
    }

    @After
    public void closeSession() {
        session.close();
    }

    private VirtioDevice attach(String id, DeviceType type) throws IOException {
        VirtioDevice device = virtio.registry().attach(DeviceAddress.parse("pci:" + machine.address(id) + "?access=qtest"), id);
        assertThat(device.type()).isEqualTo(type);
        assertThat(device.state()).isEqualTo(DeviceState.OPEN);
        return device;
    }

    private static void start(VirtioDevice device, FeatureSet features, int queues) throws IOException {
        device.negotiate(features);
        assertThat(device.negotiatedFeatures().containsAll(features)).isTrue();
        assertThat(device.start(queues, queues)).isEqualTo(queues);
    }

    /** What the device was given it has used, so that the two sides can be compared. */
    private void assertAsQemuSees(VirtioDevice device) throws IOException {
        assertThat(device.state()).isEqualTo(DeviceState.READY);
        new OracleCheck(machine.oracle(device.name())).check(device.dump());
    }

    private void assertFeaturesHaveNames(String name, String... some) throws Exception {
        assertThat(session.text("virtio:features " + name)).contains(some).contains("VERSION_1").doesNotContain("bit ");
        assertThat(session.text("virtio:info " + name)).contains("offered features").contains(some);
        assertThat(session.text("virtio:dump " + name)).contains("\"VERSION_1\"").contains(some);
    }

    @Test
    public void anEntropyDeviceGivesBytesThatAreNeverTheSame() throws Exception {
        start(QtestMachine.builder().device("virtio-rng-pci,id=rng0,disable-legacy=on"));
        VirtioDevice device = attach("rng0", DeviceType.ENTROPY);
        assertFeaturesHaveNames("rng0", "EVENT_IDX");
        assertThat(session.text("virtio:config rng0")).isEqualTo("rng0 has no valid fields in its configuration space");
        start(device, FeatureSet.NONE, 1);
        try (OneRequest queue = new OneRequest(device, 0)) {
            byte[] first = queue.exchange(NOTHING, RANDOM_BYTES);
            byte[] second = queue.exchange(NOTHING, RANDOM_BYTES);
            assertThat(first).isNotEmpty().isNotEqualTo(new byte[first.length]);
            assertThat(second).isNotEmpty().isNotEqualTo(new byte[second.length]).isNotEqualTo(first);
        }
        assertAsQemuSees(device);
    }

    /** Two of them on one hub. */
    private void startNet() throws IOException {
        start(QtestMachine.builder()
            .option("-netdev", "hubport,id=port0,hubid=0").option("-netdev", "hubport,id=port1,hubid=0")
            .device("virtio-net-pci,id=net0,netdev=port0,mac=52:54:00:00:00:01,host_mtu=9000,speed=10000,duplex=full,rss=on,"
                + "romfile=,disable-legacy=on")
            .device("virtio-net-pci,id=net1,netdev=port1,mac=52:54:00:00:00:02,packed=on,romfile=,disable-legacy=on"));
    }

    private static byte[] mac(VirtioDevice device) throws IOException {
        return device.config().read(NetConfigLayout.MAC, NetConfigLayout.MAC_SIZE);
    }

    @Test
    public void aNetworkDeviceShowsItsFeaturesAndItsConfiguration() throws Exception {
        startNet();
        VirtioDevice device = attach("net0", DeviceType.NETWORK);
        attach("net1", DeviceType.NETWORK);
        assertFeaturesHaveNames("net0", "NET_MAC", "NET_CTRL_VQ", "NET_RSS", "NET_SPEED_DUPLEX");
        assertThat(session.text("virtio:config net0")).isEqualTo("""
            OFFSET  FIELD                                         VALUE
                 0  mac                               52:54:00:00:00:01
                 6  status                                            1  link up
                 8  max_virtqueue_pairs                               1
                10  mtu                                           9,000
                12  speed                                        10,000  Mbit/s
                16  duplex                                            1  full
                17  rss_max_key_size                                 40  40 bytes
                18  rss_max_indirection_table_length                128
                20  supported_hash_types                            511  0x1ff""");
        assertThat((List<?>) session.run("virtio:config net1")).as("MAC and status").hasSize(2);
        start(device, NET_FEATURES, 3);
        assertThat(mac(device)).isEqualTo(HexFormat.of().parseHex("525400000001"));
        assertThat(device.config().readU16(NetConfigLayout.STATUS)).isEqualTo(NetConfigLayout.S_LINK_UP);
        assertThat(device.config().readU32(NetConfigLayout.SPEED)).isEqualTo(10_000);
    }

    @Test
    public void aLinkThatGoesDownIsAnEvent() throws Exception {
        startNet();
        VirtioDevice network = attach("net0", DeviceType.NETWORK);
        CountDownLatch changed = new CountDownLatch(1);
        network.addListener(new DeviceListener() {
            @Override
            public void configurationChanged(VirtioDevice device) {
                changed.countDown();
            }
        });
        start(network, NET_FEATURES, 3);
        machine.execute("set_link", Map.of("name", "net0", "up", false));
        assertThat(changed.await(Await.LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(session.text("virtio:config net0")).contains("link down");
    }

    @Test
    public void aFrameGoesFromOneNetworkDeviceToAnother() throws Exception {
        startNet();
        VirtioDevice split = attach("net0", DeviceType.NETWORK);
        VirtioDevice packed = attach("net1", DeviceType.NETWORK);
        start(split, NET_FEATURES, 3);
        start(packed, NET_FEATURES, 3);
        send(split, packed);
        send(packed, split);
        assertAsQemuSees(split);
        assertAsQemuSees(packed);
    }

    private static void send(VirtioDevice from, VirtioDevice to) throws IOException {
        byte[] packet = ByteBuffer.allocate(NET_HEADER + FRAME).position(NET_HEADER).put(mac(to)).put(mac(from))
            .putShort(ETHER_TYPE).put("from one to another".getBytes(US_ASCII)).array();
        try (OneRequest receive = new OneRequest(to, 0); OneRequest transmit = new OneRequest(from, 1)) {
            receive.offer(NOTHING, NET_HEADER + MAX_FRAME);
            assertThat(transmit.exchange(packet)).isEmpty();
            packet[NUM_BUFFERS] = 1;
            assertThat(receive.take()).isEqualTo(packet);
        }
    }

    @Test
    public void aDiskOfAScsiHostSaysWhatItIs() throws Exception {
        start(QtestMachine.builder().blockdev("driver=null-co,node-name=disk")
            .device("virtio-scsi-pci,id=scsi0,disable-legacy=on")
            .device("scsi-hd,bus=scsi0.0,drive=disk,scsi-id=3,lun=5,vendor=ORG,product=VIRTIO"));
        VirtioDevice device = attach("scsi0", DeviceType.SCSI_HOST);
        assertFeaturesHaveNames("scsi0", "SCSI_HOTPLUG", "SCSI_CHANGE");
        assertThat(session.text("virtio:config scsi0")).containsPattern("num_queues +1\n").containsPattern("cdb_size +32 ");
        start(device, FeatureSet.of(ScsiFeature.HOTPLUG, ScsiFeature.CHANGE), 3);
        int sense = (int) device.config().readU32(ScsiConfigLayout.SENSE_SIZE);
        try (OneRequest queue = new OneRequest(device, 2)) {
            // QEMU takes the first device-writable buffer for the response, however long it is.
            byte[] answer = queue.exchange(inquiry(device, 3), SENSE + sense, INQUIRY_BYTES);
            assertThat(answer[RESPONSE]).isZero();
            assertThat(new String(answer, SENSE + sense + 8, 24, US_ASCII)).isEqualTo("ORG     VIRTIO          ");
            answer = queue.exchange(inquiry(device, 4), SENSE + sense, INQUIRY_BYTES);
            assertThat(answer[RESPONSE]).isEqualTo((byte) BAD_TARGET);
        }
        assertAsQemuSees(device);
    }

    /** Asks logical unit 5 of a target what it is. */
    private static byte[] inquiry(VirtioDevice device, int target) throws IOException {
        byte[] lun = {1, (byte) target, 0x40, 5};
        byte[] cdb = {INQUIRY, 0, 0, 0, INQUIRY_BYTES};
        int cdbSize = (int) device.config().readU32(ScsiConfigLayout.CDB_SIZE);
        return ByteBuffer.allocate(CDB + cdbSize).put(lun).position(CDB).put(cdb).array();
    }
}
