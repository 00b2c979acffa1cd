// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.virtio.posix.LibC.libc;

import java.io.IOException;
import java.lang.ref.Reference;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * A connection to a process on this host, over which bytes and open descriptors are sent: unix(7), SOCK_STREAM.
 *
 * <p>Thread-safe: one thread may send while another receives, and {@link #shutdown()} and {@link #close()} may be called
 * while both are blocked, and end that. Two threads that send, or that receive, take turns. The descriptor is
 * non-blocking; waiting is done in poll(2), and {@link Thread#interrupt()} does not end it.
 */
public final class UnixSocket implements AutoCloseable {
    /** How many descriptors one message can carry. */
    public static final int MAX_FDS = SocketMessage.MAX_FDS;

    static final int SOCK_CLOEXEC = 0x80000;

    private static final int SOCK_STREAM_NONBLOCK_CLOEXEC = 1 | LibC.O_NONBLOCK | SOCK_CLOEXEC;
    private static final int SHUT_RDWR = 2;
    private static final int SO_PEERCRED = 17;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;

    private final FileDescriptor fd;
    private final PollWait readable;
    private final PollWait writable;
    private final SocketMessage outgoing = new SocketMessage();
    private final SocketMessage incoming = new SocketMessage();

    UnixSocket(FileDescriptor fd) {
        this.fd = fd;
        this.readable = new PollWait(fd.intValue(), PollWait.IN);
        this.writable = new PollWait(fd.intValue(), PollWait.OUT);
    }

    /**
     * Connects to a listening socket: connect(2). Does not wait for a server whose queue of connections is full: that is
     * EAGAIN.
     *
     * @param path where it listens; at most 107 bytes of UTF-8
     * @return the connection, which the caller owns
     * @throws PosixException ENOENT if there is no such file, ECONNREFUSED if nobody listens on it or it is no socket,
     *     ENAMETOOLONG, EACCES, EAGAIN; the message has the path
     */
    public static UnixSocket connect(String path) throws PosixException {
        SocketAddress address = new SocketAddress("connect", path);
        FileDescriptor fd = open(path);
        int errno = address.connect(fd.intValue()) < 0 ? LibC.errno() : 0;
        if (errno != 0) {
            fd.close();
            throw new PosixException("connect", path + whyRefused(path, errno), errno);
        }
        return new UnixSocket(fd);
    }

    /**
     * Takes over a connected socket, such as one that a peer sent. Whether it blocks does not matter: every call says itself
     * that it must not.
     *
     * @param fd the descriptor, which this object closes from now on; if it is no socket, sending and receiving fail
     * @return its new owner
     * @throws IllegalStateException if the descriptor is closed
     */
    public static UnixSocket adopt(FileDescriptor fd) {
        return new UnixSocket(fd);
    }

    static FileDescriptor open(String detail) throws PosixException {
        int fd = libc().socket(SocketAddress.AF_UNIX, SOCK_STREAM_NONBLOCK_CLOEXEC, 0);
        return FileDescriptor.adopt(LibC.check(fd, "socket", detail));
    }

    /** Linux says "refused" also of a file that could never have been connected to, which sends people the wrong way. */
    private static String whyRefused(String path, int errno) {
        if (errno != Errno.ECONNREFUSED) {
            return "";
        }
        try {
            FileStatus file = FileStatus.of(path);
            if (file.isDirectory()) {
                return " is a directory, not a socket";
            }
            return file.isRegular() ? " is a plain file, not a socket" : "";
        } catch (PosixException e) {
            return "";
        }
    }

    /**
     * Two sockets that are connected to each other: socketpair(2).
     *
     * @return both, which the caller owns
     * @throws PosixException if the process may open no more (EMFILE)
     */
    public static UnixSocket[] pair() throws PosixException {
        ByteBuffer fds = LibC.allocate(2 * Integer.BYTES);
        int result = libc().socketpair(SocketAddress.AF_UNIX, SOCK_STREAM_NONBLOCK_CLOEXEC, 0, LibC.address(fds));
        Reference.reachabilityFence(fds);
        LibC.check(result, "socketpair", null);
        FileDescriptor first = FileDescriptor.adopt(fds.getInt(0));
        FileDescriptor second = FileDescriptor.adopt(fds.getInt(Integer.BYTES));
        return new UnixSocket[] {new UnixSocket(first), new UnixSocket(second)};
    }

    /**
     * Sends all remaining bytes, with the descriptors attached to the first: sendmsg(2), SCM_RIGHTS. Waits while the peer
     * does not read and the socket's buffer is full; {@link #shutdown()} ends that.
     *
     * @param message at least one byte if there are descriptors; its position is moved to what was sent
     * @param fds at most {@link #MAX_FDS}; the caller keeps them and may close them when this returns
     * @throws PosixException EPIPE if the peer is gone or this end is shut down, EBADF if closed; no SIGPIPE is raised
     * @throws IllegalArgumentException if there are too many descriptors, or some without a byte to carry them
     * @throws IllegalStateException if one of the descriptors to be sent is closed
     */
    public void send(ByteBuffer message, FileDescriptor... fds) throws PosixException {
        if (fds.length > MAX_FDS || fds.length > 0 && !message.hasRemaining()) {
            throw new IllegalArgumentException(fds.length + " descriptors with " + message.remaining() + " bytes");
        }
        int number = use("sendmsg");
        int held = 0;
        try {
            int[] numbers = new int[fds.length];
            for (; held < fds.length; held++) {
                numbers[held] = fds[held].use();
            }
            synchronized (outgoing) {
                sendAll(number, message, numbers);
            }
        } finally {
            while (held > 0) {
                fds[--held].release();
            }
            fd.release();
        }
    }

    private void sendAll(int number, ByteBuffer message, int[] fds) throws PosixException {
        int[] pending = fds;
        while (message.hasRemaining()) {
            outgoing.fill(message, pending);
            long sent = libc().sendmsg(number, outgoing.address(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent >= 0) {
                message.position(message.position() + (int) sent);
                pending = new int[0];
            } else {
                int errno = LibC.errno();
                if (errno == Errno.EAGAIN) {
                    writable.await(-1);
                } else if (errno != Errno.EINTR) {
                    throw new PosixException("sendmsg", fd.toString(), errno);
                }
            }
        }
    }

    /**
     * Receives what one recvmsg(2) gives: some bytes, which need not be a whole message, and the descriptors that were
     * attached to them, with close-on-exec set.
     *
     * @param dst where the bytes go; at least one must have room
     * @param fds where the descriptors are appended, at most {@link #MAX_FDS}; the caller owns them
     * @param timeoutNanos how long to wait, rounded up to milliseconds; 0 does not wait, negative waits without limit
     * @return number of bytes, or -1 when the peer has closed or either end is shut down
     * @throws SocketTimeoutException if nothing came in that time
     * @throws PosixException EMSGSIZE if the peer sent too many descriptors, of which then none is kept; ECONNRESET if the
     *     peer died with bytes unread; EBADF if closed
     * @throws IOException never otherwise
     * @throws IllegalArgumentException if dst has no room
     */
    public int receive(ByteBuffer dst, List<FileDescriptor> fds, long timeoutNanos) throws IOException {
        if (!dst.hasRemaining()) {
            throw new IllegalArgumentException("no room in " + dst);
        }
        int number = use("recvmsg");
        try {
            synchronized (incoming) {
                long received = receiveSome(number, dst.remaining(), timeoutNanos);
                List<FileDescriptor> taken = incoming.takeDescriptors();
                if (incoming.isTruncated()) {
                    taken.forEach(FileDescriptor::close);
                    throw new PosixException("recvmsg", "more descriptors than " + MAX_FDS + ", or than can be opened",
                        Errno.EMSGSIZE);
                }
                fds.addAll(taken);
                incoming.copyPayload(dst, (int) received);
                return received == 0 ? -1 : (int) received;
            }
        } finally {
            fd.release();
        }
    }

    private long receiveSome(int number, int length, long timeoutNanos) throws IOException {
        long start = System.nanoTime();
        while (true) {
            incoming.clear(length);
            long received = libc().recvmsg(number, incoming.address(), MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
            if (received >= 0) {
                return received;
            }
            int errno = LibC.errno();
            if (errno == Errno.EAGAIN) {
                awaitReadable(timeoutNanos, start);
            } else if (errno != Errno.EINTR) {
                throw new PosixException("recvmsg", fd.toString(), errno);
            }
        }
    }

    private void awaitReadable(long timeoutNanos, long start) throws IOException {
        if (!readable.await(PollWait.remaining(timeoutNanos, start))) {
            throw new SocketTimeoutException("nothing received within " + timeoutNanos + " ns");
        }
    }

    /**
     * Who is at the other end: getsockopt(2), SO_PEERCRED.
     *
     * @return the peer as it was when the connection was made
     * @throws PosixException EBADF if closed
     */
    public PeerCredentials peerCredentials() throws PosixException {
        ByteBuffer memory = LibC.allocate(4 * Integer.BYTES).putInt(0, 3 * Integer.BYTES);
        long address = LibC.address(memory);
        int number = use("getsockopt");
        try {
            int result = libc().getsockopt(number, SocketMessage.SOL_SOCKET, SO_PEERCRED, address + Integer.BYTES, address);
            LibC.check(result, "getsockopt", "SO_PEERCRED");
            return new PeerCredentials(memory.getInt(4), memory.getInt(8), memory.getInt(12));
        } finally {
            fd.release();
            Reference.reachabilityFence(memory);
        }
    }

    /**
     * The socket's descriptor, to add to an {@link Epoll}; it stays this object's.
     *
     * @return the descriptor
     */
    public FileDescriptor fd() {
        return fd;
    }

    /**
     * Ends the connection in both directions: shutdown(2). A blocked receiver gets the end of the stream, a blocked sender
     * EPIPE, here and at the peer. What was sent before can still be received. Does nothing when closed.
     */
    public void shutdown() {
        int number = fd.acquire();
        if (number != FileDescriptor.NONE) {
            libc().shutdown(number, SHUT_RDWR);
            fd.release();
        }
    }

    /** Shuts the connection down, for duplicates of its descriptor too, and closes it. Does nothing when closed. */
    @Override
    public void close() {
        shutdown();
        fd.close();
    }

    private int use(String call) throws PosixException {
        int number = fd.acquire();
        if (number == FileDescriptor.NONE) {
            throw new PosixException(call, fd.toString(), Errno.EBADF);
        }
        return number;
    }
}
