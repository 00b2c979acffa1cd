// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.posix.SharedMemory;
import org.virtio.spec.DeviceStatus;
import org.virtio.spec.Feature;
import org.virtio.spec.SplitRingLayout;
import org.virtio.transport.InflightRecord;
import org.virtio.transport.QueueSetup;
import org.virtio.user.message.FrontEndRequest;
import org.virtio.user.message.InflightDescription;
import org.virtio.user.message.Message;
import org.virtio.user.message.ProtocolFeature;

/** What a back end notes of requests in flight is kept when it dies, and given to the next. */
class InflightTest extends ScriptedTest {
    private static final long FEATURES =
        ProtocolFeature.mask(ProtocolFeature.INFLIGHT_SHMFD, ProtocolFeature.CONFIGURE_MEM_SLOTS, ProtocolFeature.REPLY_ACK);
    private static final int DRIVER_AREA = 0x1000;
    private static final int DEVICE_AREA = 0x2000;

    private ScriptedBackEnd backEnd() throws IOException {
        Files.deleteIfExists(directory.resolve("scripted.sock"));
        return new ScriptedBackEnd(directory, FEATURES).start();
    }

    private static QueueSetup queue(TestRegion region) {
        return new QueueSetup(0, 256, region.address(), region.address() + DRIVER_AREA, region.address() + DEVICE_AREA);
    }

    private static void start(VhostUserTransport transport, TestRegion region, InflightRecord record) throws VirtioException {
        transport.status(DeviceStatus.RESET);
        transport.driverFeatures(FeatureSet.of(Feature.VERSION_1));
        transport.map(region);
        if (record != null) {
            assertThat(transport.adoptInflight(record)).isTrue();
        }
        transport.setUpQueue(queue(region));
        transport.status(DeviceStatus.DRIVER_OK);
    }

    private static void indices(TestRegion region, int available, int used) {
        ByteBuffer ring = region.buffer();
        ring.putShort(DRIVER_AREA + SplitRingLayout.AVAILABLE_IDX, (short) available);
        ring.putShort(DEVICE_AREA + SplitRingLayout.USED_IDX, (short) used);
    }

    /** Starts a device, and has its back end die with a request. */
    private InflightRecord lost(TestRegion region, long[] inode) throws Exception {
        try (ScriptedBackEnd backEnd = backEnd(); VhostUserTransport transport = open(backEnd, "?queues=1")) {
            start(transport, region, null);
            assertThat(transport.takeInflight()).as("while it works").isNull();
            assertThat(backEnd.told).containsSubsequence("GET_INFLIGHT_FD 0 1 1024", "SET_INFLIGHT_FD 4096 1 1024!",
                "SET_VRING_BASE 0 0!");
            inode[0] = backEnd.inflight.get(0);
            assertThat(backEnd.inflight).as("made and given back").containsExactly(inode[0], inode[0]);
            indices(region, 0xffff, 0xfffe);
            backEnd.hangUp();
            assertThat(listener.next()).contains("closed the connection");
            return transport.takeInflight();
        }
    }

    @Test
    void theNextGoesOnWhereTheOneThatDiedHadBeen() throws Exception {
        long[] inode = new long[1];
        try (TestRegion region = new TestRegion(0x3000)) {
            InflightRecord record = lost(region, inode);
            assertThat(record).isNotNull();
            try (ScriptedBackEnd backEnd = backEnd(); VhostUserTransport transport = open(backEnd, "?queues=1")) {
                start(transport, region, record);
                assertThat(backEnd.told).containsSubsequence("SET_INFLIGHT_FD 4096 1 1024!", "SET_VRING_BASE 0 65534!")
                    .doesNotContain("GET_INFLIGHT_FD 0 1 1024");
                assertThat(backEnd.inflight).containsExactly(inode[0]);
                // A ring that begins anew is noted anew.
                indices(region, 0, 0);
                start(transport, region, null);
                assertThat(backEnd.told).containsSubsequence("SET_VRING_BASE 0 65534!", "GET_INFLIGHT_FD 0 1 1024",
                    "SET_VRING_BASE 0 0!");
                assertThat(backEnd.inflight.get(1)).isNotEqualTo(inode[0]);
            }
        }
    }

    /** It has begun nothing, so that nothing is to be waited for, and the memory is safe. */
    @Test
    void aBackEndThatRefusesWhatWasNotedIsQuiet() throws Exception {
        long[] inode = new long[1];
        try (TestRegion region = new TestRegion(0x3000)) {
            InflightRecord record = lost(region, inode);
            try (ScriptedBackEnd backEnd = backEnd(); VhostUserTransport transport = open(backEnd, "?queues=1")) {
                backEnd.misbehave(FrontEndRequest.SET_INFLIGHT_FD,
                    (request, channel) -> channel.send(request.acknowledgement(false)));
                assertThatThrownBy(() -> start(transport, region, record)).isInstanceOf(VirtioException.class)
                    .hasMessageContaining("refused SET_INFLIGHT_FD");
                backEnd.told.clear();
                transport.status(DeviceStatus.RESET);
                assertThat(backEnd.told).noneMatch(message -> message.startsWith("GET_VRING_BASE"));
                assertThat(transport.isQuiet()).isTrue();
            }
        }
    }

    @Test
    void whatWasResetIsNotGoneOnWith() throws Exception {
        try (ScriptedBackEnd backEnd = backEnd(); TestRegion region = new TestRegion(0x3000);
             VhostUserTransport transport = open(backEnd, "?queues=1")) {
            start(transport, region, null);
            transport.status(DeviceStatus.RESET);
            backEnd.hangUp();
            assertThat(listener.next()).contains("closed the connection");
            assertThat(transport.takeInflight()).isNull();
        }
    }

    /** Such a back end would begin the queue's next ring with what it had not used of the one before. */
    @Test
    void aQueueThatWasResetWithRequestsLeftIsNotedAnew() throws Exception {
        try (ScriptedBackEnd backEnd = backEnd(); TestRegion region = new TestRegion(0x3000);
             VhostUserTransport transport = open(backEnd, "?queues=1&reply_timeout=100")) {
            start(transport, region, null);
            indices(region, 1, 0);
            backEnd.told.clear();
            transport.resetQueue(0);
            transport.setUpQueue(queue(region));
            assertThat(backEnd.told).containsSubsequence("GET_VRING_BASE 0 0", "GET_INFLIGHT_FD 0 1 1024",
                "SET_INFLIGHT_FD 4096 1 1024!", "SET_VRING_BASE 0 0!");
            assertThat(Set.copyOf(backEnd.inflight)).hasSize(2);
            backEnd.hangUp();
            assertThat(listener.next()).contains("closed the connection");
            assertThat(transport.takeInflight()).as("other queues' requests were not noted again").isNull();
        }
    }

    @Test
    void packedRingsAreNotTracked() throws Exception {
        try (ScriptedBackEnd backEnd = backEnd()) {
            backEnd.features = 0x5_5400_0000L;
            try (VhostUserTransport transport = open(backEnd, "?queues=1")) {
                start(transport, 1, FeatureSet.of(Feature.VERSION_1, Feature.RING_PACKED));
                assertThat(backEnd.told).noneMatch(message -> message.contains("INFLIGHT"));
                assertThat(transport.adoptInflight(() -> { })).isFalse();
            }
        }
    }

    @Test
    void aReplyThatIsAboutSomethingElse() throws Exception {
        try (ScriptedBackEnd backEnd = backEnd(); TestRegion region = new TestRegion(0x3000);
             VhostUserTransport transport = open(backEnd, "?queues=1");
             SharedMemory memory = SharedMemory.create("inflight", 4096, false)) {
            backEnd.misbehave(FrontEndRequest.GET_INFLIGHT_FD, (request, channel) -> channel.send(Message.of(
                FrontEndRequest.GET_INFLIGHT_FD, new InflightDescription(4096, 0, 1, 256)).asReply(), memory.fd()));
            assertThatThrownBy(() -> start(transport, region, null)).isInstanceOf(VirtioException.class).hasMessage(
                "the back end broke the protocol: the reply to GET_INFLIGHT_FD is about 4096 bytes for 1 queues of 256; "
                    + "expected some for 1 of 1024");
        }
    }
}
