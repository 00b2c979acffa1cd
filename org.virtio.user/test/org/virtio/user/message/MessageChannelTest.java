// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.virtio.posix.EventFd;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.OpenResources;
import org.virtio.posix.PosixException;

class MessageChannelTest {
    private static final byte[] ADD_MEM_REG = Wire.hex("25000000 01000000 28000000" + "00".repeat(40));
    private static final byte[] GET_FEATURES = Wire.hex("01000000 01000000 00000000");

    private long before;
    private Wire wire;

    @BeforeEach
    void open() throws IOException {
        before = OpenResources.fileDescriptors();
        wire = new Wire();
    }

    @AfterEach
    void nothingIsLeft() {
        wire.close();
        assertThat(OpenResources.fileDescriptors()).isEqualTo(before);
    }

    @Test
    void putsPiecesTogether() throws IOException {
        for (int cut = 1; cut < ADD_MEM_REG.length; cut++) {
            wire.put(Arrays.copyOf(ADD_MEM_REG, cut), 1);
            assertThatThrownBy(() -> wire.channel.receive(0)).isInstanceOf(SocketTimeoutException.class);
            wire.put(Arrays.copyOfRange(ADD_MEM_REG, cut, ADD_MEM_REG.length), 0);
            try (Message message = wire.channel.receive(0)) {
                assertThat(message.frontEndRequest()).isSameAs(FrontEndRequest.ADD_MEM_REG);
            }
        }
    }

    @Test
    void keepsMessagesApart() throws IOException {
        wire.put(GET_FEATURES, 0).put(ADD_MEM_REG, 1).put(GET_FEATURES, 0);
        assertThat(wire.channel.receive(0).frontEndRequest()).isSameAs(FrontEndRequest.GET_FEATURES);
        try (Message message = wire.channel.receive(0)) {
            assertThat(message.frontEndRequest()).isSameAs(FrontEndRequest.ADD_MEM_REG);
        }
        assertThat(wire.channel.receive(0).frontEndRequest()).isSameAs(FrontEndRequest.GET_FEATURES);
    }

    @Test
    void aTakenFileDescriptorIsTheCallers() throws IOException {
        Message message = wire.put(ADD_MEM_REG, 1).channel.receive(0);
        try (FileDescriptor fd = message.takeFd(0)) {
            message.close();
            message.close();
            assertThat(fd.isOpen()).isTrue();
            assertThatThrownBy(() -> message.takeFd(0)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void aLentFileDescriptorStaysTheCallers() throws IOException {
        try (EventFd event = EventFd.create()) {
            wire.channel.send(Message.of(FrontEndRequest.SET_VRING_KICK, 0), event.fd());
            assertThat(event.fd().isOpen()).isTrue();
        }
    }

    @Test
    void endOfStreamBetweenMessagesIsNull() throws IOException {
        wire.put(GET_FEATURES, 0).raw.close();
        assertThat(wire.channel.receive(0).id()).isEqualTo(1);
        assertThat(wire.channel.receive(0)).isNull();
    }

    @Test
    void endOfStreamWithinAMessageIsAnError() throws IOException {
        wire.put(Arrays.copyOf(ADD_MEM_REG, 5), 1).raw.close();
        assertThatThrownBy(() -> wire.channel.receive(0)).isInstanceOf(ProtocolException.class)
            .hasMessage("the stream ended within a message, after 5 bytes of its header");
    }

    @Test
    void endOfStreamWithinAPayloadIsAnError() throws IOException {
        wire.put(Arrays.copyOf(ADD_MEM_REG, 20), 1).raw.close();
        assertThatThrownBy(() -> wire.channel.receive(0)).isInstanceOf(ProtocolException.class)
            .hasMessage("the stream ended within a message, after 20 bytes of it; expected 52");
    }

    @Test
    void wrongVersion() throws IOException {
        wire.put(Wire.hex("01000000 02000000 00000000"), 1);
        assertThatThrownBy(() -> wire.channel.receive(0)).isInstanceOf(ProtocolException.class)
            .hasMessage("a message has version 2; expected 1");
    }

    @Test
    void tooLong() throws IOException {
        wire.put(Wire.hex("01000000 01000000 ffffffff"), 1);
        assertThatThrownBy(() -> wire.channel.receive(0)).isInstanceOf(ProtocolException.class)
            .hasMessage("a message has 4294967295 bytes of payload; expected at most 4096");
    }

    @Test
    void fileDescriptorsDoNotPileUp() throws IOException {
        for (int i = 0; i < ADD_MEM_REG.length - 1; i++) {
            wire.put(Arrays.copyOfRange(ADD_MEM_REG, i, i + 1), 1);
        }
        assertThatThrownBy(() -> wire.channel.receive(0)).isInstanceOf(ProtocolException.class)
            .hasMessage("a message comes with 17 file descriptors; expected at most 16");
    }

    @Test
    void theTimeIsForTheWholeMessage() throws IOException {
        wire.put(Arrays.copyOf(ADD_MEM_REG, 20), 1);
        long start = System.nanoTime();
        assertThatThrownBy(() -> wire.channel.receive(TimeUnit.MILLISECONDS.toNanos(20)))
            .isInstanceOf(SocketTimeoutException.class);
        assertThat(System.nanoTime() - start).isBetween(TimeUnit.MILLISECONDS.toNanos(20), TimeUnit.SECONDS.toNanos(5));
    }

    @Test
    void closingEndsAReceive() throws IOException {
        wire.put(Arrays.copyOf(ADD_MEM_REG, 20), 1);
        CompletableFuture<Message> received = CompletableFuture.supplyAsync(() -> {
            try {
                return wire.channel.receive(-1);
            } catch (IOException e) {
                throw new CompletionException(e);
            }
        });
        wire.channel.close();
        assertThatThrownBy(() -> received.get(5, TimeUnit.SECONDS))
            .cause().isInstanceOfAny(ProtocolException.class, PosixException.class);
    }
}
