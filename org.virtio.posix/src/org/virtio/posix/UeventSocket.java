// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.virtio.posix.LibC.libc;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/**
 * Hears what the kernel says of devices that come, go and change: netlink(7), NETLINK_KOBJECT_UEVENT. Any process may listen.
 * Never blocks: {@link #fd()} is readable when there is something to receive. Thread-safe.
 *
 * <p>Other processes may be able to send to such a socket too; what did not come from the kernel is dropped here.
 *
 * <pre>
 *     0  struct msghdr: name 0, namelen 8, iov 16, iovlen 24, control 32, controllen 40, flags 48
 *    56  struct iovec: base 0, len 8
 *    72  struct sockaddr_nl: family 0 (2 bytes), pid 4, groups 8
 *    84  payload
 * </pre>
 */
public final class UeventSocket implements AutoCloseable {
    static final int AF_NETLINK = 16;
    static final int NETLINK_KOBJECT_UEVENT = 15;
    static final int SOCK_RAW_NONBLOCK_CLOEXEC = 3 | LibC.O_NONBLOCK | UnixSocket.SOCK_CLOEXEC;

    /** The multicast group in which the kernel speaks; udev passes on what it heard in the next one. */
    private static final int KERNEL_GROUP = 1;
    private static final int KERNEL_PID = 0;
    private static final int MSG_TRUNC = 0x20;

    private static final int HEADER_NAME = 0;
    private static final int HEADER_NAME_LENGTH = 8;
    private static final int HEADER_IOV = 16;
    private static final int HEADER_IOV_LENGTH = 24;
    private static final int HEADER_FLAGS = 48;
    private static final int IOV = 56;
    private static final int IOV_LENGTH = IOV + 8;
    private static final int SOURCE = 72;
    private static final int SOURCE_PID = 4;
    private static final int SOURCE_GROUPS = 8;
    private static final int SOURCE_SIZE = 12;
    private static final int PAYLOAD = SOURCE + SOURCE_SIZE;
    /** The variables of a message have at most 2048 bytes, and the path before them is no longer than PATH_MAX. */
    private static final int PAYLOAD_SIZE = 8192;

    private final FileDescriptor fd;
    private final ByteBuffer memory = LibC.allocate(PAYLOAD + PAYLOAD_SIZE);
    private final long address = LibC.address(memory);

    private UeventSocket(FileDescriptor fd) {
        this.fd = fd;
        memory.putLong(HEADER_NAME, address + SOURCE).putLong(HEADER_IOV, address + IOV).putLong(HEADER_IOV_LENGTH, 1)
            .putLong(IOV, address + PAYLOAD).putLong(IOV_LENGTH, PAYLOAD_SIZE);
    }

    /**
     * Listens: socket(2), bind(2). What happens from now on is received.
     *
     * @return the socket, which the caller owns
     * @throws PosixException EPROTONOSUPPORT if the kernel has no such messages, EMFILE if the process may open no more
     */
    public static UeventSocket open() throws PosixException {
        return open(KERNEL_GROUP);
    }

    /** Listens to these groups, one bit for each. */
    static UeventSocket open(int groups) throws PosixException {
        int number = libc().socket(AF_NETLINK, SOCK_RAW_NONBLOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
        FileDescriptor fd = FileDescriptor.adopt(LibC.check(number, "socket", "NETLINK_KOBJECT_UEVENT"));
        ByteBuffer address = address(groups);
        int errno = libc().bind(number, LibC.address(address), SOURCE_SIZE) < 0 ? LibC.errno() : 0;
        Reference.reachabilityFence(address);
        if (errno != 0) {
            fd.close();
            throw new PosixException("bind", "NETLINK_KOBJECT_UEVENT", errno);
        }
        return new UeventSocket(fd);
    }

    /** A struct sockaddr_nl of no process: as one's own it makes the kernel choose a number. */
    static ByteBuffer address(int groups) {
        return LibC.allocate(SOURCE_SIZE).putShort(0, (short) AF_NETLINK).putInt(SOURCE_GROUPS, groups);
    }

    /**
     * Takes the next message of the kernel's: recvmsg(2).
     *
     * @return the message, {@code action@devpath} and then {@code KEY=value} strings, each with a zero byte behind it; null if
     *     there is none now
     * @throws PosixException ENOBUFS if messages came faster than they were taken and some are lost, once for all of them, or
     *     EMSGSIZE if one is lost because it was too long: what there is has to be looked at anew. EBADF if closed
     */
    public synchronized byte[] receive() throws PosixException {
        int number = fd.acquire();
        if (number == FileDescriptor.NONE) {
            throw new PosixException("recvmsg", fd.toString(), Errno.EBADF);
        }
        try {
            while (true) {
                memory.putInt(HEADER_NAME_LENGTH, SOURCE_SIZE).putInt(HEADER_FLAGS, 0).putInt(SOURCE + SOURCE_PID, -1);
                int length = (int) libc().recvmsg(number, address, 0);
                int errno = length < 0 ? LibC.errno() : 0;
                if (errno == Errno.EAGAIN) {
                    return null;
                }
                if (errno != 0 && errno != Errno.EINTR) {
                    throw new PosixException("recvmsg", fd.toString(), errno);
                }
                if (errno == 0 && memory.getInt(SOURCE + SOURCE_PID) == KERNEL_PID) {
                    return message(length);
                }
            }
        } finally {
            fd.release();
        }
    }

    private byte[] message(int length) throws PosixException {
        if ((memory.getInt(HEADER_FLAGS) & MSG_TRUNC) != 0) {
            throw new PosixException("recvmsg", "more than " + PAYLOAD_SIZE + " bytes", Errno.EMSGSIZE);
        }
        byte[] message = new byte[length];
        memory.get(PAYLOAD, message);
        return message;
    }

    /**
     * The socket's descriptor, to add to an {@link Epoll}; it stays this object's.
     *
     * @return the descriptor
     */
    public FileDescriptor fd() {
        return fd;
    }

    /** Closes the socket. Does nothing when closed. */
    @Override
    public void close() {
        fd.close();
    }
}
