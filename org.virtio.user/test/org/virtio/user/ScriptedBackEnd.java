// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.virtio.posix.EventFd;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.SharedMemory;
import org.virtio.posix.UnixServerSocket;
import org.virtio.posix.UnixSocket;
import org.virtio.user.message.DeviceConfig;
import org.virtio.user.message.FrontEndRequest;
import org.virtio.user.message.InflightDescription;
import org.virtio.user.message.Message;
import org.virtio.user.message.MessageChannel;
import org.virtio.user.message.Payload;

/** A back end that notes what it is told, answers as a good one does, and misbehaves where it is asked to. */
final class ScriptedBackEnd implements AutoCloseable {
    /** VERSION_1, VHOST_USER_PROTOCOL_FEATURES, VHOST_LOG_ALL, INDIRECT_DESC. */
    static final long FEATURES = 0x1_5400_0000L;

    /** What it does in place of an answer. */
    @FunctionalInterface
    interface Misdeed {
        void commit(Message request, MessageChannel channel) throws IOException;
    }

    /** What it was told: request, payload, and {@code !} if an answer was asked for. */
    final List<String> told = new CopyOnWriteArrayList<>();
    final BlockingQueue<EventFd> eventFds = new LinkedBlockingQueue<>();
    long features = FEATURES;
    long protocolFeatures;
    long queues = 4;
    long slots = 3;
    byte[] config = new byte[60];

    /** The memory that it has made or was given in order to note there what is in flight, by the number of its file. */
    final List<Long> inflight = new CopyOnWriteArrayList<>();

    private final Map<FrontEndRequest, Misdeed> misdeeds = new ConcurrentHashMap<>();
    private final BlockingQueue<MessageChannel> requestChannels = new LinkedBlockingQueue<>();
    private final UnixServerSocket server;
    private final Thread thread = new Thread(this::serve, "scripted back end");
    private volatile MessageChannel channel;
    private long status;

    ScriptedBackEnd(Path directory, long protocolFeatures) throws IOException {
        this.protocolFeatures = protocolFeatures;
        server = UnixServerSocket.bind(directory.resolve("scripted.sock").toString(), 0600);
    }

    ScriptedBackEnd start() {
        thread.start();
        return this;
    }

    ScriptedBackEnd misbehave(FrontEndRequest request, Misdeed misdeed) {
        misdeeds.put(request, misdeed);
        return this;
    }

    void behave() {
        misdeeds.clear();
    }

    /** In place of an answer, these bytes. */
    static Misdeed bytes(String hex) {
        return (request, channel) ->
            channel.socket().send(ByteBuffer.wrap(HexFormat.of().parseHex(hex.replace(" ", ""))));
    }

    String path() {
        return server.path();
    }

    /** The channel for requests of its own, once it has been given one. */
    MessageChannel requestChannel() throws InterruptedException {
        MessageChannel given = requestChannels.poll(10, TimeUnit.SECONDS);
        assertThat(given).as("the back end's request channel").isNotNull();
        return given;
    }

    private void serve() {
        try (UnixSocket socket = server.accept(-1); MessageChannel accepted = new MessageChannel(socket)) {
            channel = accepted;
            while (true) {
                try (Message message = accepted.receive(-1)) {
                    if (message == null) {
                        return;
                    }
                    handle(message, accepted);
                }
            }
        } catch (IOException e) {
            // Closed, by the test or by the front end.
            return;
        }
    }

    private void handle(Message message, MessageChannel accepted) throws IOException {
        FrontEndRequest request = message.frontEndRequest();
        told.add(request + describe(request, message) + (message.needsReply() ? "!" : ""));
        Misdeed misdeed = misdeeds.get(request);
        if (misdeed != null) {
            misdeed.commit(message, accepted);
            return;
        }
        if (request == FrontEndRequest.SET_BACKEND_REQ_FD) {
            requestChannels.add(new MessageChannel(UnixSocket.adopt(message.takeFd(0))));
        } else if (request == FrontEndRequest.SET_VRING_KICK || request == FrontEndRequest.SET_VRING_CALL) {
            eventFds.add(EventFd.adopt(message.takeFd(0)));
        } else if (request == FrontEndRequest.SET_STATUS) {
            status = message.u64();
        } else if (request == FrontEndRequest.SET_INFLIGHT_FD) {
            inflight.add(inode(message.takeFd(0)));
        } else if (request == FrontEndRequest.GET_INFLIGHT_FD) {
            sendInflight(message.inflight(), accepted);
            return;
        }
        answer(request, message, accepted);
    }

    private void sendInflight(InflightDescription asked, MessageChannel accepted) throws IOException {
        try (SharedMemory memory = SharedMemory.create("inflight", 4096, false)) {
            InflightDescription made =
                new InflightDescription(memory.size(), 0, asked.numQueues(), asked.queueSize());
            accepted.send(Message.of(FrontEndRequest.GET_INFLIGHT_FD, made).asReply(), memory.fd());
            inflight.add(inode(FileDescriptor.duplicate(memory.fd().intValue())));
        }
    }

    private static long inode(FileDescriptor file) throws IOException {
        try (file) {
            return (long) Files.getAttribute(Path.of("/proc/self/fd/" + file.intValue()), "unix:ino");
        }
    }

    private static String describe(FrontEndRequest request, Message message) {
        Payload payload = request.payload();
        if (payload == Payload.U64) {
            return " 0x" + Long.toHexString(message.u64());
        }
        if (payload == Payload.VRING_STATE) {
            return " " + message.vringState().index() + " " + message.vringState().num();
        }
        if (payload == Payload.INFLIGHT) {
            InflightDescription inflight = message.inflight();
            return " " + inflight.mmapSize() + " " + inflight.numQueues() + " " + inflight.queueSize();
        }
        if (payload == Payload.MEMORY_TABLE) {
            return " " + message.memoryTable().size();
        }
        return "";
    }

    private void answer(FrontEndRequest request, Message message, MessageChannel accepted) throws IOException {
        if (request.reply() == Payload.NONE) {
            if (message.needsReply()) {
                accepted.send(message.acknowledgement(true));
            }
            return;
        }
        Message reply = switch (request) {
            case GET_FEATURES -> Message.of(request, features);
            case GET_PROTOCOL_FEATURES -> Message.of(request, protocolFeatures);
            case GET_QUEUE_NUM -> Message.of(request, queues);
            case GET_MAX_MEM_SLOTS -> Message.of(request, slots);
            case GET_STATUS -> Message.of(request, status);
            case GET_VRING_BASE -> Message.of(request, message.vringState());
            case GET_CONFIG -> readConfig(message.deviceConfig());
            default -> throw new AssertionError(request);
        };
        accepted.send(reply.asReply());
    }

    private Message readConfig(DeviceConfig asked) {
        if (asked.offset() + asked.contents().length > config.length) {
            return Message.of(FrontEndRequest.GET_CONFIG);
        }
        byte[] contents = new byte[asked.contents().length];
        System.arraycopy(config, asked.offset(), contents, 0, contents.length);
        return Message.of(FrontEndRequest.GET_CONFIG, new DeviceConfig(asked.offset(), 0, contents));
    }

    /** Waits until the front end has ended the connection. */
    void awaitEnd() throws InterruptedException {
        thread.join(TimeUnit.SECONDS.toMillis(10));
        assertThat(thread.isAlive()).as("the connection is still open").isFalse();
    }

    /** Ends the connection, as a back end does that dies. */
    void hangUp() {
        channel.close();
    }

    @Override
    public void close() {
        server.close();
        MessageChannel accepted = channel;
        if (accepted != null) {
            accepted.close();
        }
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        requestChannels.forEach(MessageChannel::close);
        eventFds.forEach(EventFd::close);
    }
}
