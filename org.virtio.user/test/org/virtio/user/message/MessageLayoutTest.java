// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The bytes of each message, as the document lays them out, on a little-endian machine. */
class MessageLayoutTest {
    private static final String STATE = "03000000 00010000";
    private static final String U64 = "efcdab8967452301";
    private static final String REGION = "0010000000000000 0000200000000000 0030000000000000 0040000000000000";
    private static final String ADDRESS =
        "03000000 01000000 0010000000000000 0020000000000000 0030000000000000 0040000000000000";
    private static final String CONFIG = "08000000 03000000 01000000 aabbcc";
    private static final String INFLIGHT = "0010000000000000 0020000000000000 0300 feff";
    private static final String ZEROS_20 = "00".repeat(20);

    private static final VringState A_STATE = new VringState(3, 256);
    private static final long A_U64 = 0x0123456789abcdefL;
    private static final RegionDescription A_REGION = new RegionDescription(0x1000, 0x200000, 0x3000, 0x4000);
    private static final VringAddress AN_ADDRESS = new VringAddress(3, 1, 0x1000, 0x2000, 0x3000, 0x4000);
    private static final DeviceConfig A_CONFIG =
        new DeviceConfig(8, DeviceConfigLayout.FLAG_MIGRATION, new byte[] {(byte) 0xaa, (byte) 0xbb, (byte) 0xcc});

    private static final InflightDescription AN_INFLIGHT = new InflightDescription(0x1000, 0x2000, 3, 0xfffe);

    private record Row(Request request, String hex, int fds, Message made) {
        Row(Request request, String id, String size, String payload, int fds, Message made) {
            this(request, id + "000000 01000000 " + size + "000000" + payload, fds, made);
        }

        @Override
        public String toString() {
            return request.name();
        }
    }

    private static Row none(Request request, String id, int fds) {
        return new Row(request, id, "00", "", fds, Message.of(request));
    }

    private static Row u64(Request request, String id, int fds) {
        return new Row(request, id, "08", U64, fds, Message.of(request, A_U64));
    }

    private static Row state(Request request, String id) {
        return new Row(request, id, "08", STATE, 0, Message.of(request, A_STATE));
    }

    private static Row vringFd(Request request, String id) {
        return new Row(request, id, "08", "0300000000000000", 1, Message.of(request, 3));
    }

    private static Row region(Request request, String id, int fds) {
        return new Row(request, id, "28", "0000000000000000" + REGION, fds, Message.of(request, A_REGION));
    }

    private static Row config(Request request, String id) {
        return new Row(request, id, "0f", CONFIG, 0, Message.of(request, A_CONFIG));
    }

    static Stream<Row> frontEnd() {
        return Stream.of(
            none(FrontEndRequest.GET_FEATURES, "01", 0),
            u64(FrontEndRequest.SET_FEATURES, "02", 0),
            none(FrontEndRequest.SET_OWNER, "03", 0),
            none(FrontEndRequest.RESET_OWNER, "04", 0),
            new Row(FrontEndRequest.SET_MEM_TABLE, "05", "48", "02000000 00000000" + REGION + REGION, 2,
                Message.of(FrontEndRequest.SET_MEM_TABLE, List.of(A_REGION, A_REGION))),
            u64(FrontEndRequest.SET_LOG_BASE, "06", 0),
            none(FrontEndRequest.SET_LOG_FD, "07", 1),
            state(FrontEndRequest.SET_VRING_NUM, "08"),
            new Row(FrontEndRequest.SET_VRING_ADDR, "09", "28", ADDRESS, 0,
                Message.of(FrontEndRequest.SET_VRING_ADDR, AN_ADDRESS)),
            state(FrontEndRequest.SET_VRING_BASE, "0a"),
            state(FrontEndRequest.GET_VRING_BASE, "0b"),
            vringFd(FrontEndRequest.SET_VRING_KICK, "0c"),
            vringFd(FrontEndRequest.SET_VRING_CALL, "0d"),
            vringFd(FrontEndRequest.SET_VRING_ERR, "0e"),
            none(FrontEndRequest.GET_PROTOCOL_FEATURES, "0f", 0),
            u64(FrontEndRequest.SET_PROTOCOL_FEATURES, "10", 0),
            none(FrontEndRequest.GET_QUEUE_NUM, "11", 0),
            state(FrontEndRequest.SET_VRING_ENABLE, "12"),
            u64(FrontEndRequest.SEND_RARP, "13", 0),
            u64(FrontEndRequest.NET_SET_MTU, "14", 0),
            none(FrontEndRequest.SET_BACKEND_REQ_FD, "15", 1),
            new Row(FrontEndRequest.IOTLB_MSG, "16", "20", ZEROS_20 + "00".repeat(12), 0, null),
            state(FrontEndRequest.SET_VRING_ENDIAN, "17"),
            config(FrontEndRequest.GET_CONFIG, "18"),
            config(FrontEndRequest.SET_CONFIG, "19"),
            new Row(FrontEndRequest.CREATE_CRYPTO_SESSION, "1a", "14", ZEROS_20, 0, null),
            u64(FrontEndRequest.CLOSE_CRYPTO_SESSION, "1b", 0),
            none(FrontEndRequest.POSTCOPY_ADVISE, "1c", 0),
            none(FrontEndRequest.POSTCOPY_LISTEN, "1d", 0),
            none(FrontEndRequest.POSTCOPY_END, "1e", 0),
            new Row(FrontEndRequest.GET_INFLIGHT_FD, "1f", "14", INFLIGHT, 0, null),
            new Row(FrontEndRequest.SET_INFLIGHT_FD, "20", "18", INFLIGHT + "00000000", 1,
                Message.of(FrontEndRequest.SET_INFLIGHT_FD, AN_INFLIGHT)),
            none(FrontEndRequest.GPU_SET_SOCKET, "21", 1),
            none(FrontEndRequest.RESET_DEVICE, "22", 0),
            state(FrontEndRequest.VRING_KICK, "23"),
            none(FrontEndRequest.GET_MAX_MEM_SLOTS, "24", 0),
            region(FrontEndRequest.ADD_MEM_REG, "25", 1),
            region(FrontEndRequest.REM_MEM_REG, "26", 0),
            u64(FrontEndRequest.SET_STATUS, "27", 0),
            none(FrontEndRequest.GET_STATUS, "28", 0));
    }

    static Stream<Row> backEnd() {
        return Stream.of(
            new Row(BackEndRequest.IOTLB_MSG, "01", "20", ZEROS_20 + "00".repeat(12), 0, null),
            none(BackEndRequest.CONFIG_CHANGE_MSG, "02", 0),
            new Row(BackEndRequest.VRING_HOST_NOTIFIER_MSG, "03", "18", ZEROS_20 + "00000000", 1, null),
            state(BackEndRequest.VRING_CALL, "04"),
            state(BackEndRequest.VRING_ERR, "05"));
    }

    static Stream<Row> made() {
        return Stream.concat(frontEnd(), backEnd()).filter(row -> row.made != null);
    }

    @Test
    void everyMessageOfTheDocumentHasItsRow() {
        assertThat(frontEnd().map(Row::request)).containsExactly(FrontEndRequest.values());
        assertThat(backEnd().map(Row::request)).containsExactly(BackEndRequest.values());
    }

    @ParameterizedTest
    @MethodSource("made")
    void sentAsTheDocumentLaysItOut(Row row) throws IOException {
        try (Wire wire = new Wire()) {
            wire.channel.send(row.made);
            assertThat(wire.take()).isEqualTo(Wire.hex(row.hex));
        }
    }

    @ParameterizedTest
    @MethodSource("frontEnd")
    void aBackEndReceivesIt(Row row) throws IOException {
        try (Wire wire = new Wire(); Message message = wire.put(Wire.hex(row.hex), row.fds).channel.receive(0)) {
            assertThat(message.frontEndRequest()).isSameAs(row.request);
            assertThat(message.fdCount()).isEqualTo(row.fds);
        }
    }

    @ParameterizedTest
    @MethodSource("backEnd")
    void aFrontEndReceivesIt(Row row) throws IOException {
        try (Wire wire = new Wire(); Message message = wire.put(Wire.hex(row.hex), row.fds).channel.receive(0)) {
            assertThat(message.backEndRequest()).isSameAs(row.request);
        }
    }

    @Test
    void payloadsReadBackAsTheyWereWritten() {
        assertThat(Message.of(FrontEndRequest.SET_FEATURES, A_U64).u64()).isEqualTo(A_U64);
        assertThat(Message.of(FrontEndRequest.SET_VRING_NUM, A_STATE).vringState()).isEqualTo(A_STATE);
        assertThat(Message.of(FrontEndRequest.SET_VRING_ADDR, AN_ADDRESS).vringAddress()).isEqualTo(AN_ADDRESS);
        assertThat(Message.of(FrontEndRequest.ADD_MEM_REG, A_REGION).memoryRegion()).isEqualTo(A_REGION);
        RegionDescription other = new RegionDescription(1, 2, 3, 4);
        assertThat(Message.of(FrontEndRequest.SET_MEM_TABLE, List.of(A_REGION, other)).memoryTable())
            .containsExactly(A_REGION, other);
        DeviceConfig config = Message.of(FrontEndRequest.SET_CONFIG, A_CONFIG).deviceConfig();
        assertThat(config).usingRecursiveComparison().isEqualTo(A_CONFIG);
        assertThat(Message.of(FrontEndRequest.GET_INFLIGHT_FD, AN_INFLIGHT).inflight()).isEqualTo(AN_INFLIGHT);
    }

    @Test
    void anInflightDescriptionNeedsNoPadding() throws IOException {
        byte[] bytes = Wire.hex("1f000000 01000000 14000000" + INFLIGHT);
        try (Wire wire = new Wire(); Message message = wire.put(bytes, 0).channel.receive(0)) {
            assertThat(message.frontEndRequest()).isSameAs(FrontEndRequest.GET_INFLIGHT_FD);
            assertThat(message.inflight()).isEqualTo(AN_INFLIGHT);
        }
    }

    @Test
    void anInflightDescriptionHas16BitsForItsQueues() {
        assertThatThrownBy(() -> new InflightDescription(0, 0, 0x10000, 1)).isInstanceOf(IllegalArgumentException.class)
            .hasMessage("65536 queues of 1 descriptors; expected 0 to 65535 of each");
        assertThatThrownBy(() -> new InflightDescription(0, 0, 1, -1)).isInstanceOf(IllegalArgumentException.class)
            .hasMessage("1 queues of -1 descriptors; expected 0 to 65535 of each");
    }

    @Test
    void flagsAreInTheHeader() throws IOException {
        Message message = Message.of(FrontEndRequest.SET_OWNER);
        try (Wire wire = new Wire()) {
            wire.channel.send(message.withNeedReply());
            wire.channel.send(message.asReply());
            wire.channel.send(message.acknowledgement(true));
            wire.channel.send(message.acknowledgement(false));
            assertThat(wire.take()).isEqualTo(Wire.hex("03000000 09000000 00000000"
                + "03000000 05000000 00000000"
                + "03000000 05000000 08000000 0000000000000000"
                + "03000000 05000000 08000000 0100000000000000"));
        }
    }

    @Test
    void protocolFeaturesHaveTheBitsOfTheDocument() {
        assertThat(ProtocolFeature.mask(ProtocolFeature.values())).isEqualTo(0x1ffff);
        assertThat(ProtocolFeature.mask(ProtocolFeature.MQ, ProtocolFeature.REPLY_ACK, ProtocolFeature.BACKEND_REQ,
            ProtocolFeature.CONFIG, ProtocolFeature.CONFIGURE_MEM_SLOTS, ProtocolFeature.STATUS)).isEqualTo(0x18229);
        assertThat(ProtocolFeature.names(1L << 20 | 1 << 12)).containsExactly("INFLIGHT_SHMFD", "bit 20");
        assertThat(ProtocolFeature.CONFIG.in(1 << 9)).isTrue();
        assertThat(ProtocolFeature.CONFIG.in(~(1L << 9))).isFalse();
    }

    @Test
    void unknownNumbersHaveNoRequest() {
        assertThat(Arrays.asList(FrontEndRequest.find(0), FrontEndRequest.find(41), FrontEndRequest.find(-1),
            BackEndRequest.find(0), BackEndRequest.find(6))).containsOnlyNulls();
    }
}
