// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.virtio.posix.LibC.libc;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Only the kernel can say what it says, and nothing here makes it speak; what others say is sent for real. */
@ExtendWith(NoLeaks.class)
class UeventSocketTest {
    /** A group in which nobody else listens: neither the kernel speaks in it nor udev. */
    private static final int QUIET_GROUP = 1 << 20;
    private static final byte[] FORGED = "add@/devices/x\0ACTION=add\0SUBSYSTEM=pci\0".getBytes(StandardCharsets.US_ASCII);

    @Test
    void opensCloseOnExecAndClosesOnce() throws Exception {
        UeventSocket socket = UeventSocket.open();
        int number = socket.fd().intValue();
        assertThat(Kernel.isCloseOnExec(number)).isTrue();
        socket.close();
        socket.close();
        assertThat(Kernel.isOpen(number)).isFalse();
        assertThatExceptionOfType(PosixException.class).isThrownBy(socket::receive)
            .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EBADF));
    }

    @Test
    void aKernelThatIsSilentIsNotWaitedFor() throws Exception {
        try (UeventSocket socket = UeventSocket.open(QUIET_GROUP)) {
            assertThat(socket.receive()).isNull();
        }
    }

    /** A process without privilege cannot even send; one with it is heard and not believed. */
    @Test
    void whatAnotherProcessSaysIsDropped() throws Exception {
        try (UeventSocket socket = UeventSocket.open(QUIET_GROUP); Forger forger = new Forger(); Epoll epoll = Epoll.create()) {
            epoll.add(socket.fd(), Epoll.IN, "socket");
            assertThat(epoll.wait(0, (token, events) -> { })).isZero();
            int result = forger.send();
            assertThat(result).isIn(0, Errno.EPERM);
            assertThat(epoll.wait(0, (token, events) -> { })).isEqualTo(result == 0 ? 1 : 0);
            assertThat(socket.receive()).isNull();
            assertThat(epoll.wait(0, (token, events) -> { })).isZero();
        }
    }

    @Test
    void messagesThatAreLostAreReportedOnce() throws Exception {
        try (UeventSocket socket = UeventSocket.open(QUIET_GROUP); Forger forger = new Forger()) {
            int result = forger.send();
            for (int i = 0; i < 10_000 && result == 0; i++) {
                result = forger.send();
            }
            if (result == Errno.EPERM) {
                assertThat(socket.receive()).as("nothing came, so nothing is lost").isNull();
                return;
            }
            assertThatExceptionOfType(PosixException.class).isThrownBy(socket::receive)
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENOBUFS));
            assertThat(socket.receive()).isNull();
        }
    }

    /** A process that plays the kernel. */
    private static final class Forger implements AutoCloseable {
        private static final int HEADER = 56;
        private static final int MESSAGE = HEADER + 16;

        private final FileDescriptor fd;
        private final ByteBuffer address = UeventSocket.address(QUIET_GROUP);
        private final ByteBuffer memory = LibC.allocate(MESSAGE + FORGED.length);

        Forger() throws PosixException {
            fd = FileDescriptor.adopt(LibC.check(libc().socket(UeventSocket.AF_NETLINK,
                UeventSocket.SOCK_RAW_NONBLOCK_CLOEXEC, UeventSocket.NETLINK_KOBJECT_UEVENT), "socket", null));
            long at = LibC.address(memory);
            memory.putLong(0, LibC.address(address)).putInt(8, address.capacity()).putLong(16, at + HEADER).putLong(24, 1);
            memory.putLong(HEADER, at + MESSAGE).putLong(HEADER + 8, FORGED.length).put(MESSAGE, FORGED);
        }

        /** Returns 0 or the error. */
        int send() {
            long sent = libc().sendmsg(fd.intValue(), LibC.address(memory), 0);
            int errno = sent < 0 ? LibC.errno() : 0;
            Reference.reachabilityFence(address);
            return errno;
        }

        @Override
        public void close() {
            fd.close();
        }
    }
}
