// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.virtio.posix.OpenResources;

class MessageCheckTest {
    private long before;

    @BeforeEach
    @BeforeProperty
    void count() {
        before = OpenResources.fileDescriptors();
    }

    @AfterEach
    @AfterProperty
    void nothingIsLeft() {
        assertThat(OpenResources.fileDescriptors()).isEqualTo(before);
    }

    private interface Check {
        void on(Message message) throws IOException;
    }

    private static void assertRefused(String hex, int fds, Check check, String reason) throws IOException {
        try (Wire wire = new Wire(); Message message = wire.put(Wire.hex(hex), fds).channel.receive(0)) {
            assertThatThrownBy(() -> check.on(message)).isInstanceOf(ProtocolException.class).hasMessage(reason);
        }
    }

    @Test
    void unknownRequest() throws IOException {
        assertRefused("29000000 01000000 00000000", 0, Message::frontEndRequest, "unknown request 41 of the front end");
        assertRefused("ffffffff 01000000 00000000", 0, Message::backEndRequest,
            "unknown request 4294967295 of the back end");
    }

    @Test
    void replyInPlaceOfARequest() throws IOException {
        assertRefused("01000000 05000000 00000000", 0, Message::frontEndRequest,
            "GET_FEATURES is a reply; expected a request");
    }

    @Test
    void wrongSize() throws IOException {
        assertRefused("02000000 01000000 04000000 00000000", 0, Message::frontEndRequest,
            "SET_FEATURES has 4 bytes of payload; expected 8");
        assertRefused("01000000 01000000 01000000 00", 0, Message::frontEndRequest,
            "GET_FEATURES has 1 bytes of payload; expected 0");
    }

    @Test
    void memoryTables() throws IOException {
        assertRefused("05000000 01000000 04000000 00000000", 0, Message::frontEndRequest,
            "SET_MEM_TABLE has 4 bytes of payload; expected 8 to 264");
        assertRefused("05000000 01000000 08000000 09000000 00000000", 0, Message::frontEndRequest,
            "SET_MEM_TABLE has 9 regions; expected at most 8");
        assertRefused("05000000 01000000 08000000 ffffffff 00000000", 0, Message::frontEndRequest,
            "SET_MEM_TABLE has 4294967295 regions; expected at most 8");
        assertRefused("05000000 01000000 08000000 01000000 00000000", 1, Message::frontEndRequest,
            "SET_MEM_TABLE has 8 bytes of payload; expected 40 for 1 regions");
        assertRefused("05000000 01000000 28000000 01000000 00000000" + "00".repeat(32), 2, Message::frontEndRequest,
            "SET_MEM_TABLE comes with 2 file descriptors; expected 1");
    }

    @Test
    void configurations() throws IOException {
        assertRefused("18000000 01000000 0c000000 00000000 ffffffff 00000000", 0, Message::frontEndRequest,
            "GET_CONFIG has 12 bytes of payload; expected 4294967307 for 4294967295 bytes of configuration");
        assertRefused("18000000 05000000 04000000 00000000", 0, m -> m.checkAnswer(FrontEndRequest.GET_CONFIG),
            "the reply to GET_CONFIG has 4 bytes of payload; expected none or at least 12");
    }

    @Test
    void fileDescriptors() throws IOException {
        assertRefused("0c000000 01000000 08000000 0000000000000000", 0, Message::frontEndRequest,
            "SET_VRING_KICK comes with 0 file descriptors; expected 1");
        assertRefused("0c000000 01000000 08000000 0001000000000000", 1, Message::frontEndRequest,
            "SET_VRING_KICK comes with 1 file descriptors; expected 0");
        assertRefused("01000000 05000000 08000000 0000000000000000", 1, m -> m.checkAnswer(FrontEndRequest.GET_FEATURES),
            "the reply to GET_FEATURES comes with 1 file descriptors; expected 0");
    }

    @Test
    void answers() throws IOException {
        assertRefused("02000000 05000000 08000000 0000000000000000", 0, m -> m.checkAnswer(FrontEndRequest.GET_FEATURES),
            "the reply to GET_FEATURES has request number 2; expected 1");
        assertRefused("01000000 01000000 08000000 0000000000000000", 0, m -> m.checkAnswer(FrontEndRequest.GET_FEATURES),
            "the reply to GET_FEATURES is not marked as a reply (flags 0x1)");
        assertRefused("03000000 05000000 00000000", 0, m -> m.checkAnswer(FrontEndRequest.SET_OWNER),
            "the reply to SET_OWNER has 0 bytes of payload; expected 8");
    }

    @Test
    void aBackEndMayHaveNoConfiguration() throws IOException {
        try (Wire wire = new Wire();
             Message message = wire.put(Wire.hex("18000000 05000000 00000000"), 0).channel.receive(0)) {
            message.checkAnswer(FrontEndRequest.GET_CONFIG);
            assertThat(message.deviceConfig().contents()).isEmpty();
        }
    }

    @Test
    void aRemovedRegionMayComeWithAFileDescriptor() throws IOException {
        try (Wire wire = new Wire();
             Message message = wire.put(Wire.hex("26000000 01000000 28000000" + "00".repeat(40)), 1).channel.receive(0)) {
            assertThat(message.frontEndRequest()).isSameAs(FrontEndRequest.REM_MEM_REG);
        }
    }

    @Property(tries = 500)
    void anyBytesAreAMessageOrRefused(@ForAll @IntRange(max = 50) int id, @ForAll byte flags,
        @ForAll @Size(max = 100) byte[] payload, @ForAll @IntRange(max = 3) int fds,
        @ForAll @IntRange(min = -2, max = 2) int lie) throws IOException {
        byte[] bytes = new byte[MessageHeaderLayout.SIZE + payload.length];
        bytes[MessageHeaderLayout.REQUEST] = (byte) id;
        bytes[MessageHeaderLayout.FLAGS] = flags;
        bytes[MessageHeaderLayout.PAYLOAD_SIZE] = (byte) Math.max(0, payload.length + lie);
        System.arraycopy(payload, 0, bytes, MessageHeaderLayout.SIZE, payload.length);
        decodeAll(bytes, fds);
    }

    @Property(tries = 500)
    void randomBytesAreRefusedAndLeakNothing(@ForAll @Size(min = 1, max = 300) byte[] bytes,
        @ForAll @IntRange(max = 3) int fds) throws IOException {
        decodeAll(bytes, fds);
    }

    private static void decodeAll(byte[] bytes, int fds) throws IOException {
        try (Wire wire = new Wire()) {
            wire.put(bytes, fds).raw.close();
            while (true) {
                try (Message message = wire.channel.receive(0)) {
                    if (message == null) {
                        return;
                    }
                    checkAll(message);
                } catch (ProtocolException e) {
                    return;
                }
            }
        }
    }

    /** Every check either refuses the message or makes its payload readable. */
    private static void checkAll(Message message) {
        try {
            read(message, message.frontEndRequest().payload());
        } catch (ProtocolException e) {
            assertThat(e.getMessage()).isNotEmpty();
        }
        for (FrontEndRequest request : FrontEndRequest.values()) {
            try {
                message.checkAnswer(request);
                read(message, request.answer());
            } catch (ProtocolException e) {
                assertThat(e.getMessage()).isNotEmpty();
            }
        }
    }

    private static Object read(Message message, Payload payload) {
        return switch (payload) {
            case U64 -> message.u64();
            case VRING_STATE -> message.vringState();
            case VRING_ADDRESS -> message.vringAddress();
            case MEMORY_TABLE -> message.memoryTable();
            case MEMORY_REGION -> message.memoryRegion();
            case DEVICE_CONFIG, DEVICE_CONFIG_OR_NONE -> message.deviceConfig();
            case INFLIGHT -> message.inflight();
            case NONE, FD_ONLY, IOTLB, VRING_AREA, CRYPTO_SESSION -> message.toString();
        };
    }
}
