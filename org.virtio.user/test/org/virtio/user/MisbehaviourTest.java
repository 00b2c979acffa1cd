// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.virtio.device.DeviceAddress;
import org.virtio.device.VirtioException;
import org.virtio.posix.EventFd;
import org.virtio.spec.DeviceStatus;
import org.virtio.transport.QueueNotifier;
import org.virtio.transport.Transport;
import org.virtio.user.ScriptedBackEnd.Misdeed;
import org.virtio.user.message.BackEndRequest;
import org.virtio.user.message.DeviceConfig;
import org.virtio.user.message.FrontEndRequest;
import org.virtio.user.message.Message;
import org.virtio.user.message.MessageChannel;
import org.virtio.user.message.ProtocolFeature;
import org.virtio.user.message.VringState;

/** A back end that does wrong: a clear reason, at once, and nothing left open. */
class MisbehaviourTest extends ScriptedTest {
    private static final String HUNG_UP = "the back end closed the connection";
    private static final String BROKE = "the back end broke the protocol: ";

    static Stream<Arguments> answersToGetFeatures() {
        return Stream.of(
            Arguments.of("nothing", (Misdeed) (request, channel) -> { },
                "the back end did not answer GET_FEATURES within 300 ms (it has read the request)"),
            Arguments.of("half a message", ScriptedBackEnd.bytes("01000000 0500"),
                "the back end did not answer GET_FEATURES within 300 ms (it has read the request)"),
            Arguments.of("end of file", (Misdeed) (request, channel) -> channel.close(), HUNG_UP),
            Arguments.of("a short read", (Misdeed) (request, channel) -> {
                ScriptedBackEnd.bytes("01000000 0500").commit(request, channel);
                channel.close();
            }, BROKE + "the stream ended within a message, after 6 bytes of its header"),
            Arguments.of("another reply", ScriptedBackEnd.bytes("02000000 05000000 08000000 0000000000000000"),
                BROKE + "the reply to GET_FEATURES has request number 2; expected 1"),
            Arguments.of("no reply", ScriptedBackEnd.bytes("01000000 01000000 08000000 0000000000000000"),
                BROKE + "the reply to GET_FEATURES is not marked as a reply (flags 0x1)"),
            Arguments.of("another version", ScriptedBackEnd.bytes("01000000 06000000 08000000 0000000000000000"),
                BROKE + "a message has version 2; expected 1"),
            Arguments.of("another size", ScriptedBackEnd.bytes("01000000 05000000 04000000 00000000"),
                BROKE + "the reply to GET_FEATURES has 4 bytes of payload; expected 8"),
            Arguments.of("too much", ScriptedBackEnd.bytes("01000000 05000000 00000080"),
                BROKE + "a message has 2147483648 bytes of payload; expected at most 4096"),
            Arguments.of("another protocol", (Misdeed) (request, channel) ->
                    channel.socket().send(ByteBuffer.wrap("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes())),
                BROKE + "a message has version 3; expected 1"),
            Arguments.of("file descriptors", (Misdeed) (request, channel) -> {
                try (EventFd event = EventFd.create()) {
                    channel.send(Message.of(FrontEndRequest.GET_FEATURES, 0).asReply(), event.fd(), event.fd());
                }
            }, BROKE + "the reply to GET_FEATURES comes with 2 file descriptors; expected 0"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("answersToGetFeatures")
    void atOpening(String name, Misdeed misdeed, String reason) throws Exception {
        long before = openFileDescriptors();
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, 0)) {
            backEnd.misbehave(FrontEndRequest.GET_FEATURES, misdeed).start();
            assertThatThrownBy(() -> open(backEnd, "?reply_timeout=50")).isInstanceOf(VirtioException.class)
                .hasMessage(backEnd.path() + ": " + reason);
        }
        assertThat(openFileDescriptors()).isEqualTo(before);
        assertThat(listener.toldNothing()).isTrue();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("answersToGetFeatures")
    void atABarrier(String name, Misdeed misdeed, String reason) throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, 0);
             VhostUserTransport transport = open(backEnd.start(), "?reply_timeout=300")) {
            backEnd.misbehave(FrontEndRequest.GET_FEATURES, misdeed);
            assertThatThrownBy(() -> start(transport, 1)).isInstanceOf(VirtioException.class).hasMessage(reason);
            assertThat(listener.next()).isEqualTo(reason);
            assertThatThrownBy(transport::status).isInstanceOf(VirtioException.class).hasMessage(reason);
            assertThatThrownBy(() -> transport.status(DeviceStatus.RESET)).hasMessage(reason);
            backEnd.awaitEnd();
        }
        assertThat(listener.toldNothing()).isTrue();
    }

    @Test
    void aRefusalAtOpening() throws Exception {
        long before = openFileDescriptors();
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, -1)) {
            backEnd.misbehave(FrontEndRequest.SET_BACKEND_REQ_FD,
                (request, channel) -> channel.send(request.acknowledgement(false))).start();
            assertThatThrownBy(() -> open(backEnd, "")).isInstanceOf(VirtioException.class)
                .hasMessage(backEnd.path() + ": the back end refused SET_BACKEND_REQ_FD (it answered 1)");
            backEnd.awaitEnd();
        }
        assertThat(openFileDescriptors()).isEqualTo(before);
    }

    @Test
    void aReplyAboutAnotherQueue() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, 0);
             VhostUserTransport transport = open(backEnd.start(), "")) {
            backEnd.misbehave(FrontEndRequest.GET_VRING_BASE, (request, channel) ->
                channel.send(Message.of(FrontEndRequest.GET_VRING_BASE, new VringState(7, 0)).asReply()));
            start(transport, 1);
            assertThatThrownBy(() -> transport.status(DeviceStatus.RESET)).isInstanceOf(VirtioException.class)
                .hasMessage(BROKE + "the reply to GET_VRING_BASE is about queue 7; expected 0");
        }
    }

    /** Memory that a back end may still write to must go to nobody else. */
    @Test
    void whoHasStoppedOrHungUpIsQuietAndNobodyElse() throws Exception {
        assertThat(isQuietAfter("", (request, channel) -> channel.send(
            Message.of(FrontEndRequest.GET_VRING_BASE, request.vringState()).asReply()))).as("stopped").isTrue();
        assertThat(isQuietAfter("", (request, channel) -> channel.close())).as("hung up").isTrue();
        assertThat(isQuietAfter("?reply_timeout=200", (request, channel) -> { })).as("no answer").isFalse();
    }

    private boolean isQuietAfter(String options, ScriptedBackEnd.Misdeed stopping) throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, 0)) {
            VhostUserTransport transport = open(backEnd.start(), options);
            backEnd.misbehave(FrontEndRequest.GET_VRING_BASE, stopping);
            start(transport, 1);
            try {
                transport.status(DeviceStatus.RESET);
            } catch (VirtioException e) {
                assertThat(e).hasMessageContaining("the back end");
            }
            transport.close();
            return transport.isQuiet();
        }
    }

    @Test
    void aStatusThatIsNoByte() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, ProtocolFeature.STATUS.mask());
             VhostUserTransport transport = open(backEnd.start(), "")) {
            backEnd.misbehave(FrontEndRequest.GET_STATUS, (request, channel) ->
                channel.send(Message.of(FrontEndRequest.GET_STATUS, 0x100).asReply()));
            assertThatThrownBy(transport::status).isInstanceOf(VirtioException.class)
                .hasMessage(BROKE + "its status is 0x100; expected 8 bits");
        }
    }

    @Test
    void moreOrLessConfigurationThanWasAskedFor() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, ProtocolFeature.CONFIG.mask());
             VhostUserTransport transport = open(backEnd.start(), "")) {
            backEnd.misbehave(FrontEndRequest.GET_CONFIG, (request, channel) -> channel.send(
                Message.of(FrontEndRequest.GET_CONFIG, new DeviceConfig(0, 0, new byte[256])).asReply()));
            assertThatThrownBy(() -> transport.readConfig(4, 8)).isInstanceOf(VirtioException.class)
                .hasMessage(BROKE + "the reply to GET_CONFIG has 256 bytes of configuration; expected 12");
            assertThat(listener.next()).contains("GET_CONFIG");
        }
    }

    @Test
    void hangingUpIsNoticedAtOnce() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, -1);
             VhostUserTransport transport = open(backEnd.start(), "")) {
            backEnd.hangUp();
            assertThat(listener.next()).isEqualTo(HUNG_UP);
            assertThatThrownBy(transport::status).isInstanceOf(VirtioException.class).hasMessage(HUNG_UP);
            assertThatThrownBy(() -> transport.readConfig(0, 8)).isInstanceOf(VirtioException.class).hasMessage(HUNG_UP);
        }
        assertThat(listener.toldNothing()).isTrue();
    }

    @Test
    void hangingUpDuringARequestIsToldOnce() throws Exception {
        for (int i = 0; i < 50; i++) {
            try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, 0);
                 VhostUserTransport transport = open(backEnd.start(), "")) {
                backEnd.misbehave(FrontEndRequest.GET_FEATURES, (request, channel) -> channel.close());
                assertThatThrownBy(() -> start(transport, 1)).isInstanceOf(VirtioException.class).hasMessage(HUNG_UP);
                assertThat(listener.next()).isEqualTo(HUNG_UP);
            }
            assertThat(listener.toldNothing()).isTrue();
        }
    }

    @Test
    void afterCloseNothingIsTold() throws Exception {
        CountDownLatch changed = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        RecordingListener slow = new RecordingListener() {
            @Override
            public void configurationChanged() {
                changed.countDown();
                try {
                    go.await();
                } catch (InterruptedException e) {
                    return;
                }
            }
        };
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, -1).start();
             VhostUserTransport other = open(backEnd, "");
             ScriptedBackEnd second = new ScriptedBackEnd(Files.createDirectory(directory.resolve("second")), -1).start()) {
            Transport transport = provider.open(DeviceAddress.parse("vhost-user:" + second.path()), slow);
            try (MessageChannel requests = second.requestChannel()) {
                requests.send(Message.of(BackEndRequest.CONFIG_CHANGE_MSG));
                changed.await();
                second.misbehave(FrontEndRequest.GET_STATUS, (request, channel) -> channel.close());
                assertThatThrownBy(transport::status).isInstanceOf(VirtioException.class).hasMessage(HUNG_UP);
                transport.close();
                backEnd.hangUp();
                go.countDown();
                assertThat(listener.next()).isEqualTo(HUNG_UP);
            }
            assertThatThrownBy(other::status).isInstanceOf(VirtioException.class).hasMessage(HUNG_UP);
        }
        assertThat(slow.toldNothing()).isTrue();
    }

    @Test
    void closingEndsARequest() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, 0);
             VhostUserTransport transport = open(backEnd.start(), "")) {
            backEnd.misbehave(FrontEndRequest.GET_FEATURES, (request, channel) -> asked.countDown());
            Runnable close = transport::close;
            Thread closer = new Thread(() -> {
                try {
                    asked.await();
                    close.run();
                } catch (InterruptedException e) {
                    return;
                }
            });
            closer.start();
            assertThatThrownBy(() -> start(transport, 1)).isInstanceOf(VirtioException.class)
                .hasMessage("the transport is closed");
            closer.join();
        }
        assertThat(listener.toldNothing()).isTrue();
    }

    @Test
    void afterCloseNotificationsDoNothing() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, 0)) {
            VhostUserTransport transport = open(backEnd.start(), "");
            QueueNotifier notifier = start(transport, 1)[0];
            Thread waiter = new Thread(() -> notifier.await(TimeUnit.MINUTES.toNanos(5)));
            waiter.start();
            while (Stream.of(waiter.getStackTrace()).noneMatch(frame -> frame.getClassName().endsWith(".PollWait"))) {
                Thread.onSpinWait();
            }
            transport.close();
            transport.close();
            waiter.join(TimeUnit.SECONDS.toMillis(10));
            assertThat(waiter.isAlive()).as("still waits").isFalse();
            notifier.notifyDevice(0);
            notifier.wakeup();
            assertThat(notifier.await(TimeUnit.MINUTES.toNanos(5))).isFalse();
            assertThatThrownBy(transport::status).isInstanceOf(VirtioException.class).hasMessage("the transport is closed");
        }
    }

    @Test
    void stoppingTheProviderClosesItsTransports() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, -1)) {
            VhostUserTransport transport = open(backEnd.start(), "");
            provider.deactivate();
            assertThatThrownBy(transport::status).isInstanceOf(VirtioException.class).hasMessage("the transport is closed");
            assertThat(Thread.getAllStackTraces().keySet()).extracting(Thread::getName).doesNotContain("vhost-user events");
        }
    }

    @Test
    void notificationsGoThroughTheEventFds() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, 0);
             VhostUserTransport transport = open(backEnd.start(), "")) {
            QueueNotifier notifier = start(transport, 1)[0];
            EventFd call = backEnd.eventFds.take();
            EventFd kick = backEnd.eventFds.take();
            try (call; kick) {
                assertThat(notifier.await(0)).isFalse();
                call.signal();
                assertThat(notifier.await(0)).isTrue();
                assertThat(notifier.await(0)).isFalse();
                notifier.wakeup();
                assertThat(notifier.await(TimeUnit.MINUTES.toNanos(5))).isTrue();
                assertThat(kick.drain()).isFalse();
                notifier.notifyDevice(0);
                assertThat(kick.drain()).isTrue();
            }
        }
    }

    @Test
    void withoutConfigThereIsNoConfiguration() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, 0);
             VhostUserTransport transport = open(backEnd.start(), "")) {
            assertThatThrownBy(() -> transport.readConfig(0, 8)).isInstanceOf(VirtioException.class)
                .hasMessage("the back end has no configuration space: it does not offer CONFIG");
            assertThatThrownBy(() -> transport.writeConfig(0, new byte[1])).isInstanceOf(VirtioException.class);
        }
        assertThat(listener.toldNothing()).isTrue();
    }
}
