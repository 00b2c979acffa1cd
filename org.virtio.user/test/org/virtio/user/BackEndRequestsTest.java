// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.virtio.device.DeviceAddress;
import org.virtio.device.VirtioException;
import org.virtio.posix.EventFd;
import org.virtio.transport.Transport;
import org.virtio.transport.TransportListener;
import org.virtio.user.message.BackEndRequest;
import org.virtio.user.message.DeviceConfig;
import org.virtio.user.message.FrontEndRequest;
import org.virtio.user.message.Message;
import org.virtio.user.message.MessageChannel;
import org.virtio.user.message.VringState;

/** Requests that a back end makes. */
class BackEndRequestsTest extends ScriptedTest {
    private static final long TIMEOUT = TimeUnit.SECONDS.toNanos(10);

    @Test
    void aChangeOfTheConfigurationIsTold() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, -1);
             VhostUserTransport transport = open(backEnd.start(), "");
             MessageChannel requests = backEnd.requestChannel()) {
            assertThat(transport.configGeneration()).isZero();
            requests.send(Message.of(BackEndRequest.CONFIG_CHANGE_MSG));
            assertThat(listener.next()).isEqualTo(RecordingListener.CHANGED);
            assertThat(transport.configGeneration()).isEqualTo(1);
            requests.send(Message.of(BackEndRequest.CONFIG_CHANGE_MSG).withNeedReply());
            assertAnswer(requests, BackEndRequest.CONFIG_CHANGE_MSG.id(), 0);
            assertThat(listener.next()).isEqualTo(RecordingListener.CHANGED);
            assertThat(transport.configGeneration()).isEqualTo(2);
        }
    }

    private static void assertAnswer(MessageChannel requests, int id, long expected) throws Exception {
        try (Message answer = requests.receive(TIMEOUT)) {
            assertThat(answer.id()).isEqualTo(id);
            assertThat(answer.isReply()).isTrue();
            assertThat(answer.u64()).isEqualTo(expected);
        }
    }

    @Test
    void whatIsUnknownOrNotNegotiatedIsRefused() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, -1);
             VhostUserTransport transport = open(backEnd.start(), "");
             MessageChannel requests = backEnd.requestChannel()) {
            send(requests, "63000000 09000000 04000000 01020304");
            assertAnswer(requests, 0x63, 1);
            send(requests, "63000000 01000000 00000000");
            requests.send(Message.of(BackEndRequest.VRING_CALL, new VringState(0, 0)).withNeedReply());
            assertAnswer(requests, BackEndRequest.VRING_CALL.id(), 1);
            assertThat(transport.status()).isZero();
        }
        assertThat(listener.toldNothing()).isTrue();
    }

    private static void send(MessageChannel requests, String hex) throws Exception {
        requests.socket().send(ByteBuffer.wrap(HexFormat.of().parseHex(hex.replace(" ", ""))));
    }

    @Test
    void aMessageMayComeInPieces() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, -1);
             VhostUserTransport transport = open(backEnd.start(), "");
             MessageChannel requests = backEnd.requestChannel()) {
            send(requests, "02000000 01");
            assertThat(transport.readConfig(0, 8)).hasSize(8);
            send(requests, "000000 00000000");
            assertThat(listener.next()).isEqualTo(RecordingListener.CHANGED);
        }
    }

    @Test
    void aBadOneFailsTheTransport() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, -1);
             VhostUserTransport transport = open(backEnd.start(), "");
             MessageChannel requests = backEnd.requestChannel(); EventFd event = EventFd.create()) {
            requests.send(Message.of(BackEndRequest.CONFIG_CHANGE_MSG, 1), event.fd());
            String reason = "the back end broke the protocol with a request of its own: "
                + "CONFIG_CHANGE_MSG has 8 bytes of payload; expected 0";
            assertThat(listener.next()).isEqualTo(reason);
            assertThatThrownBy(transport::status).isInstanceOf(VirtioException.class).hasMessage(reason);
        }
        assertThat(listener.toldNothing()).isTrue();
    }

    @Test
    void closingTheChannelIsTheBackEndsRight() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, -1);
             VhostUserTransport transport = open(backEnd.start(), "")) {
            backEnd.requestChannel().close();
            assertThat(transport.status()).isZero();
        }
        assertThat(listener.toldNothing()).isTrue();
    }

    /** A back end that floods the front end and never reads an answer must not stop the thread that serves all devices. */
    @Test
    void answersThatNobodyReadsHoldNobodyUp() throws Exception {
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, -1);
             VhostUserTransport transport = open(backEnd.start(), "");
             MessageChannel requests = backEnd.requestChannel()) {
            Message change = Message.of(BackEndRequest.CONFIG_CHANGE_MSG).withNeedReply();
            Thread flood = new Thread(() -> {
                try {
                    while (true) {
                        requests.send(change);
                    }
                } catch (Exception e) {
                    return;
                }
            });
            flood.start();
            int seen = transport.configGeneration();
            long stalledSince = System.nanoTime();
            while (System.nanoTime() - stalledSince < TimeUnit.MILLISECONDS.toNanos(200)) {
                if (transport.configGeneration() != seen) {
                    seen = transport.configGeneration();
                    stalledSince = System.nanoTime();
                }
                Thread.onSpinWait();
            }
            backEnd.hangUp();
            String told = listener.next();
            while (told.equals(RecordingListener.CHANGED)) {
                told = listener.next();
            }
            assertThat(told).isEqualTo("the back end closed the connection");
            requests.socket().shutdown();
            flood.join();
        }
    }

    /** Also if the back end is one thread that waits for its answer before it serves anything else. */
    @Test
    void aListenerMayReadTheConfiguration() throws Exception {
        Transport[] opened = new Transport[1];
        RecordingListener seen = new RecordingListener();
        CountDownLatch ready = new CountDownLatch(1);
        TransportListener reader = new TransportListener() {
            @Override
            public void removed(String reason) {
                throw new AssertionError("vhost-user devices are never removed");
            }

            @Override
            public void configurationChanged() {
                try {
                    ready.await();
                    assertThat(opened[0].readConfig(0, 8)).hasSize(8);
                    seen.configurationChanged();
                } catch (VirtioException | InterruptedException e) {
                    seen.failed(e.toString());
                }
            }

            @Override
            public void failed(String reason) {
                seen.failed(reason);
            }
        };
        try (ScriptedBackEnd backEnd = new ScriptedBackEnd(directory, -1).start();
             Transport transport = provider.open(DeviceAddress.parse("vhost-user:" + backEnd.path()), reader);
             MessageChannel requests = backEnd.requestChannel()) {
            opened[0] = transport;
            CountDownLatch answered = new CountDownLatch(1);
            backEnd.misbehave(FrontEndRequest.GET_CONFIG, (request, channel) -> {
                await(answered);
                channel.send(Message.of(FrontEndRequest.GET_CONFIG, new DeviceConfig(0, 0, new byte[8])).asReply());
            });
            ready.countDown();
            requests.send(Message.of(BackEndRequest.CONFIG_CHANGE_MSG).withNeedReply());
            assertAnswer(requests, BackEndRequest.CONFIG_CHANGE_MSG.id(), 0);
            answered.countDown();
            assertThat(seen.next()).isEqualTo(RecordingListener.CHANGED);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
