// SPDX-License-Identifier: Apache-2.0
package org.virtio.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.UnixSocket;

/** A vhost-user front end written against the document's bytes: it shares no code with what it tests. */
final class RawFrontEnd implements AutoCloseable {
    static final int GET_FEATURES = 1;
    static final int SET_FEATURES = 2;
    static final int SET_OWNER = 3;
    static final int SET_MEM_TABLE = 5;
    static final int SET_VRING_NUM = 8;
    static final int SET_VRING_ADDR = 9;
    static final int SET_VRING_BASE = 10;
    static final int GET_VRING_BASE = 11;
    static final int SET_VRING_KICK = 12;
    static final int SET_VRING_CALL = 13;
    static final int SET_VRING_ERR = 14;
    static final int GET_PROTOCOL_FEATURES = 15;
    static final int SET_PROTOCOL_FEATURES = 16;
    static final int GET_QUEUE_NUM = 17;
    static final int SET_VRING_ENABLE = 18;
    static final int SET_BACKEND_REQ_FD = 21;
    static final int GET_CONFIG = 24;
    static final int SET_CONFIG = 25;
    static final int GET_INFLIGHT_FD = 31;
    static final int SET_INFLIGHT_FD = 32;
    static final int GET_MAX_MEM_SLOTS = 36;
    static final int ADD_MEM_REG = 37;
    static final int REM_MEM_REG = 38;
    static final int SET_STATUS = 39;
    static final int GET_STATUS = 40;

    /** MQ, REPLY_ACK, BACKEND_REQ, CONFIG, INFLIGHT_SHMFD, CONFIGURE_MEM_SLOTS, STATUS. */
    static final long ALL_PROTOCOL_FEATURES = 1 | 1 << 3 | 1 << 5 | 1 << 9 | 1 << 12 | 1 << 15 | 1 << 16;

    private static final int VERSION = 1;
    private static final int REPLY = 4;
    private static final int NEED_REPLY = 8;
    private static final long TIMEOUT = TimeUnit.SECONDS.toNanos(20);

    private final UnixSocket socket;

    RawFrontEnd(String path) throws IOException {
        socket = UnixSocket.connect(path);
    }

    static ByteBuffer payload(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.nativeOrder());
    }

    static ByteBuffer u64(long value) {
        return payload(8).putLong(0, value);
    }

    static ByteBuffer state(int index, int num) {
        return payload(8).putInt(0, index).putInt(4, num);
    }

    static ByteBuffer region(long guest, long size, long user, long offset) {
        return payload(40).putLong(8, guest).putLong(16, size).putLong(24, user).putLong(32, offset);
    }

    /** One region after another, each as {@link #region} has it. */
    static ByteBuffer table(ByteBuffer... regions) {
        ByteBuffer table = payload(8 + 32 * regions.length).putInt(0, regions.length);
        for (int i = 0; i < regions.length; i++) {
            table.put(8 + 32 * i, regions[i], 8, 32);
        }
        return table;
    }

    static ByteBuffer inflight(long size, long offset, int queues, int queueSize) {
        return payload(24).putLong(0, size).putLong(8, offset).putShort(16, (short) queues).putShort(18, (short) queueSize);
    }

    UnixSocket socket() {
        return socket;
    }

    void send(int id, int flags, ByteBuffer payload, FileDescriptor... fds) throws IOException {
        ByteBuffer message = payload(12 + payload.capacity());
        message.putInt(id).putInt(flags).putInt(payload.capacity()).put(payload.duplicate().clear());
        socket.send(message.flip(), fds);
    }

    /** Sends a request that has no reply, and asks for none. */
    void tell(int id, ByteBuffer payload, FileDescriptor... fds) throws IOException {
        send(id, VERSION, payload, fds);
    }

    /** Sends a request that has no reply and must succeed. */
    void demand(int id, ByteBuffer payload, FileDescriptor... fds) throws IOException {
        assertThat(acknowledged(id, payload, fds)).as("acknowledgement of request " + id).isZero();
    }

    /** Sends a request that has no reply, and returns what it is acknowledged with. */
    long acknowledged(int id, ByteBuffer payload, FileDescriptor... fds) throws IOException {
        send(id, VERSION | NEED_REPLY, payload, fds);
        return reply(id).getLong(0);
    }

    /** Sends a request that has a reply, and returns the reply's payload. */
    ByteBuffer ask(int id, ByteBuffer payload) throws IOException {
        send(id, VERSION, payload);
        return reply(id);
    }

    long askU64(int id) throws IOException {
        ByteBuffer reply = ask(id, payload(0));
        assertThat(reply.capacity()).isEqualTo(8);
        return reply.getLong(0);
    }

    private ByteBuffer reply(int id) throws IOException {
        return reply(id, receive(12));
    }

    private ByteBuffer reply(int id, ByteBuffer header) throws IOException {
        assertThat(header.getInt(0)).isEqualTo(id);
        assertThat(header.getInt(4)).isEqualTo(VERSION | REPLY);
        return receive(header.getInt(8));
    }

    /** Sends a request whose reply passes a file descriptor, which the caller closes, and fills in the reply's payload. */
    FileDescriptor askFd(int id, ByteBuffer payload) throws IOException {
        send(id, VERSION, payload);
        List<FileDescriptor> fds = new ArrayList<>();
        payload.put(0, reply(id, receive(12, fds)), 0, payload.capacity());
        assertThat(fds).hasSize(1);
        return fds.get(0);
    }

    ByteBuffer receive(int size) throws IOException {
        List<FileDescriptor> fds = new ArrayList<>();
        ByteBuffer bytes = receive(size, fds);
        assertThat(fds).isEmpty();
        return bytes;
    }

    private ByteBuffer receive(int size, List<FileDescriptor> fds) throws IOException {
        ByteBuffer bytes = payload(size);
        while (bytes.hasRemaining()) {
            if (socket.receive(bytes, fds, TIMEOUT) < 0) {
                throw new java.io.EOFException("the back end has closed the connection");
            }
        }
        return bytes;
    }

    /** Waits until the back end has ended the connection. */
    void awaitEnd() throws IOException {
        ByteBuffer one = payload(1);
        try {
            assertThat(socket.receive(one, new ArrayList<>(), TIMEOUT)).isEqualTo(-1);
        } catch (org.virtio.posix.PosixException e) {
            assertThat(e.errnoName()).isEqualTo("ECONNRESET");
        }
    }

    byte[] config(int offset, int size) throws IOException {
        ByteBuffer reply = ask(GET_CONFIG, payload(12 + size).putInt(0, offset).putInt(4, size));
        assertThat(reply.capacity()).isEqualTo(12 + size);
        byte[] contents = new byte[size];
        reply.get(12, contents);
        return contents;
    }

    @Override
    public void close() {
        socket.close();
    }
}
