// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.Ioctl;
import org.virtio.posix.PosixException;
import org.virtio.posix.UnixSocket;

/**
 * Sends and receives messages over a socket, which it owns. One thread may send while another receives; {@link #close()}
 * may be called by any, and ends what blocks.
 */
public final class MessageChannel implements AutoCloseable {
    private static final long SIOCOUTQ = 0x5411;

    private final UnixSocket socket;
    private final ByteBuffer header =
        ByteBuffer.allocate(MessageHeaderLayout.SIZE).order(ByteOrder.nativeOrder());
    private final List<FileDescriptor> fds = new ArrayList<>();
    /** The payload of the message of which the header has been received; null before that. */
    private ByteBuffer payload;

    /** Takes a connected socket over. */
    public MessageChannel(UnixSocket socket) {
        this.socket = socket;
    }

    /**
     * Whether the other side has read all that was sent to it: unix(7), SIOCOUTQ.
     *
     * @throws PosixException        if the kernel does not tell
     * @throws IllegalStateException if the channel is closed
     */
    public boolean isAllRead() throws PosixException {
        ByteBuffer unread = ByteBuffer.allocateDirect(Integer.BYTES).order(ByteOrder.nativeOrder());
        Ioctl.ioctl(socket.fd(), SIOCOUTQ, unread);
        return unread.getInt(0) == 0;
    }

    /** The socket, to watch or to shut down; it stays the channel's. */
    public UnixSocket socket() {
        return socket;
    }

    /**
     * Sends a message. Waits without limit while the other side does not read and the socket's buffer, which holds some
     * hundred messages, is full.
     *
     * @param lent file descriptors that go with it; they stay the caller's
     * @throws PosixException if the other side is gone, or the channel is closed
     */
    public void send(Message message, FileDescriptor... lent) throws PosixException {
        ByteBuffer body = message.payload();
        ByteBuffer bytes = ByteBuffer.allocate(MessageHeaderLayout.SIZE + body.limit()).order(ByteOrder.nativeOrder());
        bytes.putInt(MessageHeaderLayout.REQUEST, message.id())
            .putInt(MessageHeaderLayout.FLAGS, message.flags())
            .putInt(MessageHeaderLayout.PAYLOAD_SIZE, body.limit())
            .position(MessageHeaderLayout.SIZE).put(body).flip();
        socket.send(bytes, lent);
    }

    /**
     * Receives a message. Its version and length are checked; see {@link Message} for the other checks.
     *
     * <p>After a timeout the channel keeps what came of a message, and the next call goes on from there. After any other
     * exception nothing is kept, the stream has lost its place, and the channel can only be closed.
     *
     * @param timeoutNanos for the whole message, and more if this process is paused meanwhile; 0 takes only what is there,
     *     negative waits without limit
     * @return the message, which the caller closes; or null if the other side has ended the stream between two messages
     * @throws SocketTimeoutException if no whole message came in that time
     * @throws ProtocolException      if the stream ends within a message, or what came cannot be one
     * @throws PosixException         if the socket fails, or the channel is closed
     */
    public synchronized Message receive(long timeoutNanos) throws IOException {
        SlicedTimeout timeout = new SlicedTimeout(timeoutNanos);
        boolean keep = false;
        try {
            if (!fill(header, timeout)) {
                return null;
            }
            if (payload == null) {
                payload = ByteBuffer.allocate(checkHeader());
            }
            fill(payload, timeout);
            Message message = new Message(header.getInt(MessageHeaderLayout.REQUEST),
                header.getInt(MessageHeaderLayout.FLAGS), payload, fds);
            fds.clear();
            return message;
        } catch (SocketTimeoutException e) {
            keep = true;
            throw e;
        } finally {
            if (!keep) {
                forget();
            }
        }
    }

    /** Returns false if the stream ends before a message's first byte. */
    private boolean fill(ByteBuffer buffer, SlicedTimeout timeout) throws IOException {
        while (buffer.hasRemaining()) {
            if (receiveSome(buffer, timeout) < 0) {
                if (header.position() == 0) {
                    return false;
                }
                throw new ProtocolException("the stream ended within a message, after "
                    + (header.position() + (payload == null ? 0 : payload.position())) + " bytes of "
                    + (payload == null ? "its header" : "it; expected " + (MessageHeaderLayout.SIZE + payload.limit())));
            }
            if (fds.size() > UnixSocket.MAX_FDS) {
                throw new ProtocolException(
                    "a message comes with " + fds.size() + " file descriptors; expected at most " + UnixSocket.MAX_FDS);
            }
        }
        return true;
    }

    private int receiveSome(ByteBuffer buffer, SlicedTimeout timeout) throws IOException {
        while (true) {
            long wait = timeout.next();
            long start = System.nanoTime();
            try {
                return socket.receive(buffer, fds, wait);
            } catch (SocketTimeoutException e) {
                if (wait == 0) {
                    throw e;
                }
            } finally {
                timeout.charge(System.nanoTime() - start);
            }
        }
    }

    private int checkHeader() throws ProtocolException {
        int version = header.getInt(MessageHeaderLayout.FLAGS) & MessageHeaderLayout.VERSION_MASK;
        if (version != MessageHeaderLayout.VERSION) {
            throw new ProtocolException("a message has version " + version + "; expected " + MessageHeaderLayout.VERSION);
        }
        long size = Integer.toUnsignedLong(header.getInt(MessageHeaderLayout.PAYLOAD_SIZE));
        if (size > Message.MAX_PAYLOAD) {
            throw new ProtocolException(
                "a message has " + size + " bytes of payload; expected at most " + Message.MAX_PAYLOAD);
        }
        return (int) size;
    }

    private void forget() {
        fds.forEach(FileDescriptor::close);
        fds.clear();
        header.clear();
        payload = null;
    }

    /** Closes the socket, and what came of a message. Closing again does nothing. */
    @Override
    public void close() {
        // First, since it ends a receive that holds the lock.
        socket.close();
        synchronized (this) {
            forget();
        }
    }
}
