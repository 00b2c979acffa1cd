// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.spec.DeviceStatus;
import org.virtio.spec.Feature;
import org.virtio.user.message.FrontEndRequest;
import org.virtio.user.message.ProtocolFeature;

/** What goes over the wire, in which order, for each kind of back end. */
class WireOrderTest extends ScriptedTest {
    private static final long BARE = 0;
    private static final long ALL = -1L;

    private static List<String> concat(List<String> first, List<String> second) {
        List<String> all = new ArrayList<>(first);
        all.addAll(second);
        return all;
    }

    @Test
    void aBackEndWithoutProtocolFeatures() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, ALL)) {
            backEnd.features = 0x1_1000_0000L;
            try (VhostUserTransport transport = open(backEnd.start(), "")) {
                start(transport, 1);
                transport.status(DeviceStatus.RESET);
                assertThat(transport.status()).isZero();
            }
            assertThat(backEnd.told).containsExactly("SET_OWNER", "GET_FEATURES", "SET_FEATURES 0x100000000", "GET_FEATURES",
                "SET_MEM_TABLE 0", "GET_FEATURES",
                "SET_VRING_NUM 0 256", "SET_VRING_BASE 0 0", "SET_VRING_ADDR", "SET_VRING_CALL 0x0", "SET_VRING_KICK 0x0",
                "GET_FEATURES", "GET_VRING_BASE 0 0");
        }
    }

    @Test
    void aBackEndWithFewProtocolFeatures() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, BARE);
             VhostUserTransport transport = open(backEnd.start(), "?queues=2")) {
            start(transport, 2);
            transport.status(DeviceStatus.RESET);
            assertThat(backEnd.told).containsExactly("SET_OWNER", "GET_FEATURES",
                "SET_FEATURES 0x140000000", "GET_PROTOCOL_FEATURES", "SET_PROTOCOL_FEATURES 0x0",
                "SET_FEATURES 0x140000000", "GET_FEATURES",
                "SET_MEM_TABLE 0", "GET_FEATURES",
                "SET_VRING_NUM 0 256", "SET_VRING_BASE 0 0", "SET_VRING_ADDR", "SET_VRING_CALL 0x0", "SET_VRING_KICK 0x0",
                "SET_VRING_ENABLE 0 1", "GET_FEATURES",
                "SET_VRING_NUM 1 256", "SET_VRING_BASE 1 0", "SET_VRING_ADDR", "SET_VRING_CALL 0x1", "SET_VRING_KICK 0x1",
                "SET_VRING_ENABLE 1 1", "GET_FEATURES",
                "SET_VRING_ENABLE 0 0", "GET_VRING_BASE 0 0", "SET_VRING_ENABLE 1 0", "GET_VRING_BASE 1 0");
        }
    }

    @Test
    void aBackEndWithAllProtocolFeatures() throws Exception {
        List<String> opened = List.of("SET_OWNER", "GET_FEATURES", "SET_FEATURES 0x140000000", "GET_PROTOCOL_FEATURES",
            "SET_PROTOCOL_FEATURES 0x19229", "GET_QUEUE_NUM", "GET_MAX_MEM_SLOTS", "SET_BACKEND_REQ_FD!");
        List<String> started = List.of("SET_STATUS 0x0!", "SET_FEATURES 0x140000000!", "SET_STATUS 0x8!",
            "ADD_MEM_REG!", "ADD_MEM_REG!", "GET_INFLIGHT_FD 0 1 1024", "SET_INFLIGHT_FD 4096 1 1024!",
            "SET_VRING_NUM 0 256!", "SET_VRING_BASE 0 0!", "SET_VRING_ADDR!", "SET_VRING_CALL 0x0!", "SET_VRING_KICK 0x0!",
            "SET_VRING_ENABLE 0 1!", "SET_STATUS 0xc!", "GET_STATUS");
        List<String> stopped = List.of("SET_VRING_ENABLE 0 0!", "GET_VRING_BASE 0 0", "SET_STATUS 0x0!", "GET_STATUS");
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, ALL); TestRegion first = new TestRegion(4096);
             TestRegion second = new TestRegion(4096); VhostUserTransport transport = open(backEnd.start(), "")) {
            map(transport, first);
            map(transport, second);
            start(transport, 1);
            assertThat(transport.status()).isEqualTo(DeviceStatus.FEATURES_OK | DeviceStatus.DRIVER_OK);
            assertThat(backEnd.told).containsExactlyElementsOf(concat(opened, started));
            backEnd.told.clear();
            transport.status(DeviceStatus.RESET);
            assertThat(transport.status()).isZero();
            assertThat(backEnd.told).containsExactlyElementsOf(stopped);
            backEnd.told.clear();
            transport.unmap(first);
            start(transport, 1);
            assertThat(backEnd.told).containsExactlyElementsOf(concat(List.of("REM_MEM_REG!"),
                started.stream().filter(message -> !message.matches("ADD.*|GET_STATUS")).toList()));
        }
    }

    @Test
    void aTableHoldsAllRegions() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, ProtocolFeature.REPLY_ACK.mask());
             TestRegion first = new TestRegion(4096); TestRegion second = new TestRegion(8192);
             VhostUserTransport transport = open(backEnd.start(), "")) {
            map(transport, first);
            map(transport, second);
            start(transport, 0);
            assertThat(backEnd.told).endsWith("SET_MEM_TABLE 2!");
            assertThatThrownBy(() -> transport.map(first)).isInstanceOf(VirtioException.class).hasMessage(
                "a running device can be given no more memory: its back end does not offer CONFIGURE_MEM_SLOTS; "
                    + "give it enough when it is attached (option memory)");
            transport.status(DeviceStatus.RESET);
            transport.unmap(second);
            start(transport, 0);
            assertThat(backEnd.told).endsWith("SET_MEM_TABLE 1!");
        }
    }

    @Test
    void aRunningDeviceIsGivenMemoryInSlots() throws Exception {
        long features = ProtocolFeature.CONFIGURE_MEM_SLOTS.mask();
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, features); TestRegion region = new TestRegion(4096);
             VhostUserTransport transport = open(backEnd.start(), "")) {
            start(transport, 0);
            map(transport, region);
            assertThat(backEnd.told).endsWith("ADD_MEM_REG", "GET_FEATURES");
        }
    }

    @Test
    void noMoreRegionsThanThereAreSlots() throws Exception {
        long features = ProtocolFeature.CONFIGURE_MEM_SLOTS.mask();
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, features); TestRegion first = new TestRegion(4096);
             TestRegion second = new TestRegion(4096)) {
            backEnd.slots = 1;
            try (VhostUserTransport transport = open(backEnd.start(), "")) {
                map(transport, first);
                assertThatThrownBy(() -> transport.map(second)).isInstanceOf(VirtioException.class).hasMessage(
                    "the back end takes no more than 1 memory regions; make each of them greater (option memory)");
                transport.unmap(first);
                map(transport, second);
            }
        }
    }

    @Test
    void aRefusedRegionIsNotKept() throws Exception {
        long features = ProtocolFeature.mask(ProtocolFeature.CONFIGURE_MEM_SLOTS, ProtocolFeature.REPLY_ACK);
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, features); TestRegion region = new TestRegion(4096);
             VhostUserTransport transport = open(backEnd.start(), "")) {
            backEnd.misbehave(FrontEndRequest.ADD_MEM_REG, (request, channel) -> channel.send(request.acknowledgement(false)));
            start(transport, 0);
            assertThatThrownBy(() -> map(transport, region)).isInstanceOf(VirtioException.class)
                .hasMessage("the back end refused ADD_MEM_REG (it answered 1)");
            assertThat(transport.details()).containsEntry("memory regions", List.of());
            transport.status(DeviceStatus.RESET);
        }
        assertThat(listener.toldNothing()).isTrue();
    }

    @Test
    void aStartThatIsRefusedHalfwayCanBeReset() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, ProtocolFeature.REPLY_ACK.mask());
             VhostUserTransport transport = open(backEnd.start(), "")) {
            backEnd.misbehave(FrontEndRequest.SET_VRING_ADDR,
                (request, channel) -> channel.send(request.acknowledgement(false)));
            assertThatThrownBy(() -> start(transport, 1)).isInstanceOf(VirtioException.class)
                .hasMessage("the back end refused SET_VRING_ADDR (it answered 1)");
            assertThat(transport.status()).isEqualTo(DeviceStatus.FEATURES_OK);
            backEnd.behave();
            start(transport, 1);
            assertThat(backEnd.told).contains("GET_VRING_BASE 0 0").endsWith("SET_VRING_ENABLE 0 1!");
        }
    }

    @Test
    void theFewerQueuesCount() throws Exception {
        assertMaxQueues(ProtocolFeature.MQ.mask(), 4, "", 4);
        assertMaxQueues(ProtocolFeature.MQ.mask(), 4, "?queues=2", 2);
        assertMaxQueues(ProtocolFeature.MQ.mask(), 4, "?queues=9", 4);
        assertMaxQueues(ProtocolFeature.MQ.mask(), 0, "", 0);
        assertMaxQueues(ProtocolFeature.MQ.mask(), -1, "", 256);
        assertMaxQueues(BARE, 4, "", 1);
        assertMaxQueues(BARE, 4, "?queues=3", 3);
    }

    private void assertMaxQueues(long features, long queues, String options, int expected) throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, features)) {
            backEnd.queues = queues;
            try (VhostUserTransport transport = open(backEnd.start(), options)) {
                assertThat(transport.maxQueues()).isEqualTo(expected);
            }
        }
    }

    @Test
    void aPackedRingBeginsWithBothWrapCountersSet() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, BARE)) {
            backEnd.features |= 1L << Feature.RING_PACKED;
            try (VhostUserTransport transport = open(backEnd.start(), "")) {
                start(transport, 1, FeatureSet.of(Feature.VERSION_1, Feature.RING_PACKED));
                assertThat(backEnd.told).contains("SET_VRING_BASE 0 " + 0x8000_8000);
                start(transport, 1);
                assertThat(backEnd.told).contains("SET_VRING_BASE 0 0");
            }
        }
    }

    @Test
    void sizesAreTakenFromTheAddressOrAreSafe() throws Exception {
        assertQueueSize("", 1024);
        assertQueueSize("?size=128", 128);
        assertQueueSize("?size=32768", 32768);
    }

    private void assertQueueSize(String options, int expected) throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, BARE);
             VhostUserTransport transport = open(backEnd.start(), options)) {
            assertThat(transport.queueSize(0)).isEqualTo(expected);
            assertThat(transport.queueSize(3)).isEqualTo(expected);
        }
    }

    @Test
    void theDetailsHaveNumbers() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, ProtocolFeature.CONFIGURE_MEM_SLOTS.mask());
             VhostUserTransport transport = open(backEnd.start(), "")) {
            assertThat(transport.details()).containsEntry("memory slots", 3L);
        }
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, ProtocolFeature.CONFIGURE_MEM_SLOTS.mask())) {
            backEnd.slots = -1;
            try (VhostUserTransport transport = open(backEnd.start(), "")) {
                assertThat(transport.details()).containsKey("memory regions").doesNotContainKey("memory slots");
            }
        }
    }

    @Test
    void someFeaturesAreHidden() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, BARE)) {
            backEnd.features |= FeatureSet.of(Feature.ACCESS_PLATFORM, Feature.SR_IOV, Feature.NOTIFICATION_DATA,
                Feature.NOTIF_CONFIG_DATA, Feature.ADMIN_VQ, Feature.IN_ORDER).word(0);
            try (VhostUserTransport transport = open(backEnd.start(), "?type=net")) {
                assertThat(transport.deviceFeatures()).isEqualTo(
                    FeatureSet.of(Feature.VERSION_1, Feature.INDIRECT_DESC, Feature.IN_ORDER, Feature.RING_RESET));
                assertThat(transport.deviceType().shortName()).isEqualTo("net");
            }
        }
    }

    @Test
    void aBackEndIsToldOfRingResetOnlyIfItOfferedIt() throws Exception {
        assertAccepted(0, "SET_FEATURES 0x140000000");
        assertAccepted(1L << Feature.RING_RESET, "SET_FEATURES 0x10140000000");
    }

    private void assertAccepted(long offered, String expected) throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, BARE)) {
            backEnd.features |= offered;
            try (VhostUserTransport transport = open(backEnd.start(), "")) {
                assertThat(transport.deviceFeatures().contains(Feature.RING_RESET)).isTrue();
                transport.driverFeatures(FeatureSet.of(Feature.VERSION_1, Feature.RING_RESET));
                assertThat(backEnd.told).endsWith("SET_PROTOCOL_FEATURES 0x0", expected, "GET_FEATURES");
            }
        }
    }
}
