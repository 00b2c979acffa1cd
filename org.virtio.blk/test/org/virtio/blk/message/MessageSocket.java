// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.message;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;

/** A queue's connection, on which nobody waits but in {@link #await}. For the queue's owner, unless it says otherwise. */
final class MessageSocket implements AutoCloseable {
    private static final int BUFFER = 64 << 10;

    private final SocketChannel channel;
    private final Selector selector;
    private final SelectionKey key;
    /** From its position to its limit: what has arrived. */
    private final ByteBuffer in = ByteBuffer.allocateDirect(BUFFER).limit(0);
    /** Up to its position: what is to be sent. */
    private final ByteBuffer out = ByteBuffer.allocateDirect(BUFFER);
    private volatile boolean woken;

    private MessageSocket(SocketChannel channel, Selector selector) throws IOException {
        this.channel = channel;
        this.selector = selector;
        channel.configureBlocking(false);
        this.key = channel.register(selector, SelectionKey.OP_READ);
    }

    static MessageSocket connect(InetSocketAddress address, int purpose) throws IOException {
        SocketChannel channel = SocketChannel.open(address);
        Selector selector = null;
        try {
            selector = Selector.open();
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            MessageSocket socket = new MessageSocket(channel, selector);
            socket.out.putInt(purpose);
            socket.send(BUFFER);
            return socket;
        } catch (IOException e) {
            channel.close();
            if (selector != null) {
                selector.close();
            }
            throw e;
        }
    }

    ByteBuffer in() {
        return in;
    }

    ByteBuffer out() {
        return out;
    }

    /** Whether so many bytes have arrived. */
    boolean receive(int bytes) throws IOException {
        if (in.remaining() >= bytes) {
            return true;
        }
        in.compact();
        int read;
        try {
            read = channel.read(in);
        } finally {
            in.flip();
        }
        if (read < 0) {
            throw new EOFException("the back end closed the connection");
        }
        return in.remaining() >= bytes;
    }

    /** Sends what the connection takes now, unless there is room for so many bytes more; returns whether there is then. */
    boolean send(int bytes) throws IOException {
        if (out.remaining() < bytes) {
            out.flip();
            try {
                channel.write(out);
            } finally {
                out.compact();
            }
        }
        return out.remaining() >= bytes;
    }

    /** Sends all that the connection takes now. */
    void send() throws IOException {
        send(BUFFER);
    }

    /** Waits until something has arrived, or there is room for what could not be sent, or {@link #wakeup}. */
    boolean await(long timeoutNanos) throws IOException {
        try {
            key.interestOps(out.position() == 0 ? SelectionKey.OP_READ : SelectionKey.OP_READ | SelectionKey.OP_WRITE);
            // A time of 0 would be one without end.
            long millis = TimeUnit.NANOSECONDS.toMillis(timeoutNanos) + 1;
            int ready = timeoutNanos == 0 ? selector.selectNow() : selector.select(millis);
            selector.selectedKeys().clear();
            boolean arrived = ready > 0 || woken;
            woken = false;
            return arrived;
        } catch (ClosedSelectorException | CancelledKeyException e) {
            throw new EOFException("the queue was closed");
        }
    }

    /** Any thread. */
    void wakeup() {
        woken = true;
        selector.wakeup();
    }

    /** Any thread. */
    @Override
    public void close() {
        try {
            channel.close();
            selector.close();
        } catch (IOException e) {
            throw new AssertionError("a socket that is closed has nothing to lose", e);
        }
    }
}
