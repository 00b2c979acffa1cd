// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The structures that sendmsg(2) and recvmsg(2) take, in one piece of memory: bytes go through a buffer of their own, so
 * that callers may use any ByteBuffer. Used by one thread at a time.
 *
 * <pre>
 *     0  struct msghdr: iov 16, iovlen 24, control 32, controllen 40, flags 48
 *    56  struct iovec: base 0, len 8
 *    72  struct cmsghdr: len 0, level 8, type 12, descriptors from 16
 *   152  payload
 * </pre>
 */
final class SocketMessage {
    static final int MAX_FDS = 16;
    static final int SOL_SOCKET = 1;

    private static final int SCM_RIGHTS = 1;
    private static final int MSG_CTRUNC = 8;

    private static final int HEADER_IOV = 16;
    private static final int HEADER_IOV_LENGTH = 24;
    private static final int HEADER_CONTROL = 32;
    private static final int HEADER_CONTROL_LENGTH = 40;
    private static final int HEADER_FLAGS = 48;
    private static final int IOV = 56;
    private static final int IOV_LENGTH = IOV + 8;
    private static final int CONTROL = 72;
    private static final int CONTROL_LEVEL = CONTROL + 8;
    private static final int CONTROL_TYPE = CONTROL + 12;
    private static final int CONTROL_DATA_OFFSET = 16;
    private static final int CONTROL_DATA = CONTROL + CONTROL_DATA_OFFSET;
    /** CMSG_SPACE: room for just as many descriptors as are accepted, so that the kernel refuses the others. */
    private static final int CONTROL_SIZE = CONTROL_DATA_OFFSET + MAX_FDS * Integer.BYTES;
    private static final int PAYLOAD = CONTROL + CONTROL_SIZE;
    private static final int PAYLOAD_SIZE = 8192;

    private final ByteBuffer memory = LibC.allocate(PAYLOAD + PAYLOAD_SIZE);
    private final long address = LibC.address(memory);

    SocketMessage() {
        memory.putLong(HEADER_IOV, address + IOV).putLong(HEADER_IOV_LENGTH, 1).putLong(IOV, address + PAYLOAD);
    }

    long address() {
        return address;
    }

    /** Takes in as many of the bytes as fit, without moving the position, and the descriptors. */
    void fill(ByteBuffer bytes, int... fds) {
        int length = Math.min(bytes.remaining(), PAYLOAD_SIZE);
        memory.put(PAYLOAD, bytes, bytes.position(), length);
        memory.putLong(IOV_LENGTH, length);
        if (fds.length == 0) {
            setControl(0, 0);
            return;
        }
        setControl(address + CONTROL, CONTROL_SIZE);
        int controlLength = CONTROL_DATA_OFFSET + fds.length * Integer.BYTES;
        memory.putLong(CONTROL, controlLength).putInt(CONTROL_LEVEL, SOL_SOCKET).putInt(CONTROL_TYPE, SCM_RIGHTS);
        memory.putLong(HEADER_CONTROL_LENGTH, align(controlLength));
        for (int i = 0; i < fds.length; i++) {
            memory.putInt(CONTROL_DATA + i * Integer.BYTES, fds[i]);
        }
    }

    /** Makes room for at most so many bytes and for {@link #MAX_FDS} descriptors. */
    void clear(int length) {
        memory.putLong(IOV_LENGTH, Math.min(length, PAYLOAD_SIZE)).putInt(HEADER_FLAGS, 0);
        setControl(address + CONTROL, CONTROL_SIZE);
    }

    void copyPayload(ByteBuffer destination, int length) {
        destination.put(memory.slice(PAYLOAD, length));
    }

    /** Whether descriptors were lost, because there were more than {@link #MAX_FDS} or the process may open no more. */
    boolean isTruncated() {
        return (memory.getInt(HEADER_FLAGS) & MSG_CTRUNC) != 0;
    }

    /** The descriptors that the kernel installed in this process: each is owned from here on. */
    List<FileDescriptor> takeDescriptors() {
        List<FileDescriptor> fds = new ArrayList<>();
        int end = (int) memory.getLong(HEADER_CONTROL_LENGTH);
        for (int at = 0; at + CONTROL_DATA_OFFSET <= end; ) {
            int length = (int) memory.getLong(CONTROL + at);
            if (memory.getInt(CONTROL_LEVEL + at) == SOL_SOCKET && memory.getInt(CONTROL_TYPE + at) == SCM_RIGHTS) {
                for (int fd = CONTROL_DATA_OFFSET; fd < length; fd += Integer.BYTES) {
                    fds.add(FileDescriptor.adopt(memory.getInt(CONTROL + at + fd)));
                }
            }
            at += align(length);
        }
        return fds;
    }

    private void setControl(long controlAddress, int length) {
        memory.putLong(HEADER_CONTROL, controlAddress).putLong(HEADER_CONTROL_LENGTH, length);
    }

    private static int align(int length) {
        return length + Long.BYTES - 1 & -Long.BYTES;
    }
}
