// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.virtio.posix.LibC.libc;

import java.io.IOException;
import java.net.SocketTimeoutException;

/**
 * A socket in the file system that waits for connections: unix(7), SOCK_STREAM. Thread-safe: any number of threads may
 * accept, and {@link #close()} ends their waiting.
 */
public final class UnixServerSocket implements AutoCloseable {
    private static final int BACKLOG = 16;
    private static final int SHUT_RDWR = 2;
    private static final int PERMISSIONS = 07777;

    private final FileDescriptor fd;
    private final String path;
    private final FileStatus file;
    private final PollWait readable;
    private boolean closed;

    private UnixServerSocket(FileDescriptor fd, String path, FileStatus file) {
        this.fd = fd;
        this.path = path;
        this.file = file;
        this.readable = new PollWait(fd.intValue(), PollWait.IN);
    }

    /**
     * Creates the socket's file and listens on it: fchmod(2), bind(2), listen(2). The mode holds whatever the umask is, and at
     * no moment is the file more open than that.
     *
     * <p>A socket left behind by a process that is gone is replaced; any other file is not touched.
     * Two processes that bind the same path at the same moment may take each other's for left behind: choose another path
     * for each.
     *
     * @param path at most 107 bytes of UTF-8; its directory must exist
     * @param mode permissions, such as 0600; a peer needs the write permission to connect
     * @return the listening socket, which the caller owns
     * @throws PosixException EADDRINUSE if the file is no socket or someone listens on it, ENOENT, EACCES, ENAMETOOLONG; the
     *     message has the path
     */
    public static UnixServerSocket bind(String path, int mode) throws PosixException {
        SocketAddress address = new SocketAddress("bind", path);
        FileDescriptor fd = UnixSocket.open(path);
        try {
            // Linux gives the file that bind creates the mode of the socket, less the umask, which is the whole process's and so
            // cannot be changed for a moment. A kernel that did not would leave the file open to more until listen narrows it,
            // but before it listens nobody can connect.
            LibC.check(libc().fchmod(fd.intValue(), mode), "fchmod", path);
            bindOrReplace(fd.intValue(), address, path);
            return listen(fd, path, mode);
        } catch (PosixException e) {
            fd.close();
            throw e;
        }
    }

    private static void bindOrReplace(int number, SocketAddress address, String path) throws PosixException {
        if (address.bind(number) == 0) {
            return;
        }
        PosixException failure = LibC.failure("bind", path);
        if (failure.errno() != Errno.EADDRINUSE) {
            throw failure;
        }
        if (!FileStatus.of(path).isSocket()) {
            throw new PosixException("bind", path + " exists and is no socket", Errno.EADDRINUSE);
        }
        if (!isLeftBehind(address, path)) {
            throw failure;
        }
        LibC.check(libc().unlink(path), "unlink", path);
        LibC.check(address.bind(number), "bind", path);
    }

    private static boolean isLeftBehind(SocketAddress address, String path) throws PosixException {
        try (FileDescriptor probe = UnixSocket.open(path)) {
            return address.connect(probe.intValue()) < 0 && LibC.errno() == Errno.ECONNREFUSED;
        }
    }

    private static UnixServerSocket listen(FileDescriptor fd, String path, int mode) throws PosixException {
        try {
            FileStatus file = FileStatus.of(path);
            // Only if the umask took something away: by its name, which leads elsewhere if others can change the directory.
            if ((file.mode() & PERMISSIONS) != mode) {
                LibC.check(libc().chmod(path, mode), "chmod", path);
            }
            LibC.check(libc().listen(fd.intValue(), BACKLOG), "listen", path);
            return new UnixServerSocket(fd, path, file);
        } catch (PosixException e) {
            libc().unlink(path);
            throw e;
        }
    }

    /**
     * Waits for a connection: accept4(2).
     *
     * @param timeoutNanos how long to wait, rounded up to milliseconds; 0 does not wait, negative waits without limit
     * @return the connection, which the caller owns
     * @throws SocketTimeoutException if none came in that time
     * @throws PosixException EBADF if closed, also while waiting; EMFILE
     * @throws IOException never otherwise
     */
    public UnixSocket accept(long timeoutNanos) throws IOException {
        int number = fd.acquire();
        if (number == FileDescriptor.NONE) {
            throw new PosixException("accept", path, Errno.EBADF);
        }
        try {
            long start = System.nanoTime();
            while (fd.isOpen()) {
                int accepted = libc().accept4(number, 0, 0, LibC.O_NONBLOCK | UnixSocket.SOCK_CLOEXEC);
                if (accepted >= 0) {
                    return new UnixSocket(FileDescriptor.adopt(accepted));
                }
                int errno = LibC.errno();
                if (errno == Errno.EAGAIN) {
                    awaitConnection(timeoutNanos, start);
                } else if (errno != Errno.EINTR) {
                    throw new PosixException("accept", path, errno);
                }
            }
            throw new PosixException("accept", path, Errno.EBADF);
        } finally {
            fd.release();
        }
    }

    private void awaitConnection(long timeoutNanos, long start) throws IOException {
        if (!readable.await(PollWait.remaining(timeoutNanos, start))) {
            throw new SocketTimeoutException("no connection to " + path + " within " + timeoutNanos + " ns");
        }
    }

    /**
     * Where it listens.
     *
     * @return as given to {@link #bind(String, int)}
     */
    public String path() {
        return path;
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
     * Stops listening and removes the file, unless another file has taken its place. Connections that were accepted stay.
     * Does nothing when closed.
     */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        unlinkOwn();
        int number = fd.acquire();
        fd.close();
        if (number != FileDescriptor.NONE) {
            // Wakes those who accept, but tells them only to try again: it is the closed descriptor that ends their loop.
            libc().shutdown(number, SHUT_RDWR);
            fd.release();
        }
    }

    private void unlinkOwn() {
        try {
            if (FileStatus.of(path).isSameFile(file)) {
                libc().unlink(path);
            }
        } catch (PosixException gone) {
            return;
        }
    }
}
