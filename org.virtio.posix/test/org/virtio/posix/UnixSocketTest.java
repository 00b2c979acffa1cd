// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class UnixSocketTest {
    private UnixSocket here;
    private UnixSocket there;
    private final List<FileDescriptor> received = new ArrayList<>();

    @BeforeEach
    void connect() throws Exception {
        UnixSocket[] pair = UnixSocket.pair();
        here = pair[0];
        there = pair[1];
    }

    @AfterEach
    void close() {
        here.close();
        there.close();
        received.forEach(FileDescriptor::close);
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    private String receive(UnixSocket socket) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(64);
        int count = socket.receive(buffer, received, -1);
        assertThat(buffer.position()).isEqualTo(count);
        return StandardCharsets.UTF_8.decode(buffer.flip()).toString();
    }

    @Test
    void bytesGoBothWays() throws Exception {
        ByteBuffer question = bytes("xquestion").position(1);
        here.send(question);
        assertThat(question.hasRemaining()).isFalse();
        assertThat(receive(there)).isEqualTo("question");
        there.send(bytes("answer").asReadOnlyBuffer());
        assertThat(receive(here)).isEqualTo("answer");
        assertThat(received).isEmpty();
    }

    @Test
    void descriptorsGoBothWays() throws Exception {
        try (EventFd first = EventFd.create(); EventFd second = EventFd.create()) {
            here.send(bytes("two"), first.fd(), second.fd());
            assertThat(receive(there)).isEqualTo("two");
            assertThat(received).hasSize(2);
            there.send(bytes("back"), received.get(1));
            assertThat(receive(here)).isEqualTo("back");
            assertThat(received).hasSize(3).allMatch(fd -> Kernel.isCloseOnExec(fd.intValue()));

            try (EventFd secondAgain = EventFd.adopt(received.get(2))) {
                secondAgain.signal();
            }
            assertThat(first.drain()).isFalse();
            assertThat(second.drain()).isTrue();
        }
    }

    @Test
    void aSocketCanBeSentAndTakenOver() throws Exception {
        UnixSocket[] inner = UnixSocket.pair();
        here.send(bytes("socket"), inner[0].fd());
        inner[0].fd().close();
        receive(there);
        try (UnixSocket far = UnixSocket.adopt(received.remove(0)); UnixSocket near = inner[1]) {
            far.send(bytes("through"));
            assertThat(receive(near)).isEqualTo("through");
        }
    }

    @Test
    void memoryIsSharedByItsDescriptor() throws Exception {
        try (SharedMemory memory = SharedMemory.create("test", Posix.pageSize(), false)) {
            here.send(bytes("m"), memory.fd());
            receive(there);
            assertThat(SharedMemory.seals(received.get(0)) & SharedMemory.SEAL_SHRINK).isNotZero();
            try (Mapping mapping = Mapping.map(received.get(0), 0, memory.size(), true)) {
                memory.mapping().buffer().putInt(0, 42);
                assertThat(mapping.buffer().getInt(0)).isEqualTo(42);
            }
        }
    }

    @Test
    void carriesAsManyDescriptorsAsPromised() throws Exception {
        try (EventFd event = EventFd.create()) {
            FileDescriptor[] many = new FileDescriptor[UnixSocket.MAX_FDS];
            Arrays.fill(many, event.fd());
            here.send(bytes("many"), many);
            assertThat(receive(there)).isEqualTo("many");
            assertThat(received).hasSize(UnixSocket.MAX_FDS);

            FileDescriptor[] tooMany = Arrays.copyOf(many, many.length + 1);
            assertThatIllegalArgumentException().isThrownBy(() -> here.send(bytes("x"), tooMany));
            assertThatIllegalArgumentException().isThrownBy(() -> here.send(bytes(""), event.fd()));
        }
    }

    @Test
    void keepsNoDescriptorOfAMessageWithTooMany() throws Exception {
        long before = OpenResources.fileDescriptors();
        int count = UnixSocket.MAX_FDS + 1;
        ByteBuffer message = LibC.allocate(512);
        long address = LibC.address(message);
        message.putLong(16, address + 56).putLong(24, 1).putLong(32, address + 80).putLong(40, 16 + 4 * count + 4);
        message.putLong(56, address).putLong(64, 1);
        message.putLong(80, 16 + 4 * count).putInt(88, 1).putInt(92, 1);
        for (int i = 0; i < count; i++) {
            message.putInt(96 + 4 * i, here.fd().intValue());
        }
        assertThat(LibC.libc().sendmsg(here.fd().intValue(), address, 0)).isEqualTo(1);
        assertThat(message.capacity()).isEqualTo(512);

        assertThatExceptionOfType(PosixException.class).isThrownBy(() -> receive(there))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EMSGSIZE));
        assertThat(received).isEmpty();
        assertThat(OpenResources.fileDescriptors()).isEqualTo(before);
    }

    @Test
    void descriptorsOfAFailedSendAreReleased() throws Exception {
        EventFd open = EventFd.create();
        EventFd closed = EventFd.create();
        closed.close();
        assertThatIllegalStateException().isThrownBy(() -> here.send(bytes("x"), open.fd(), closed.fd()));
        int number = open.fd().intValue();
        open.close();
        assertThat(Kernel.isOpen(number)).isFalse();
    }

    @Test
    void sendsMoreThanTheKernelTakesAtOnce() throws Exception {
        byte[] large = new byte[3 << 20];
        new Random(1).nextBytes(large);
        try (EventFd event = EventFd.create()) {
            CompletableFuture<Void> sender = CompletableFuture.runAsync(() -> send(ByteBuffer.wrap(large), event.fd()));
            ByteBuffer all = ByteBuffer.allocate(large.length);
            while (all.hasRemaining()) {
                there.receive(all, received, -1);
            }
            sender.get();
            assertThat(all.array()).isEqualTo(large);
            assertThat(received).hasSize(1);
        }
    }

    private void send(ByteBuffer message, FileDescriptor... fds) {
        try {
            here.send(message, fds);
        } catch (PosixException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void receivesNoMoreThanThereIsRoomFor() throws Exception {
        here.send(bytes("abcdef"));
        ByteBuffer small = ByteBuffer.allocate(4);
        assertThat(there.receive(small, received, -1)).isEqualTo(4);
        assertThat(receive(there)).isEqualTo("ef");
        assertThatIllegalArgumentException().isThrownBy(() -> there.receive(small, received, 0));
    }

    @Test
    void tellsATimeoutFromTheEnd() throws Exception {
        ByteBuffer buffer = ByteBuffer.allocate(8);
        assertThatExceptionOfType(SocketTimeoutException.class).isThrownBy(() -> there.receive(buffer, received, 0));
        assertThatExceptionOfType(SocketTimeoutException.class).isThrownBy(() -> there.receive(buffer, received, 1));
        here.send(bytes("last"));
        here.close();
        assertThat(there.receive(buffer, received, -1)).isEqualTo(4);
        assertThat(there.receive(buffer, received, -1)).isEqualTo(-1);
        assertThat(buffer.position()).isEqualTo(4);
    }

    @Test
    void sendToAPeerThatIsGoneFails() {
        there.close();
        assertThatExceptionOfType(PosixException.class).isThrownBy(() -> here.send(bytes("x")))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EPIPE));
    }

    @Test
    void shutdownEndsABlockedReceive() throws Exception {
        Future<Integer> receiver = BlockedCall.start("poll", () -> here.receive(ByteBuffer.allocate(1), received, -1));
        here.shutdown();
        assertThat(receiver.get()).isEqualTo(-1);
    }

    @Test
    void shutdownEndsABlockedSend() throws Exception {
        ByteBuffer endless = ByteBuffer.allocate(16 << 20);
        CompletableFuture<Throwable> sender = BlockedCall.start("poll", () -> catchThrowable(() -> here.send(endless)));
        assertThat(sender).isNotDone();
        here.shutdown();
        assertThat(sender.get()).hasMessageContaining("EPIPE");
    }

    @Test
    void closeEndsABlockedReceive() throws Exception {
        int number = here.fd().intValue();
        Future<Integer> receiver = BlockedCall.start("poll", () -> here.receive(ByteBuffer.allocate(1), received, -1));
        here.close();
        assertThat(receiver.get()).isEqualTo(-1);
        assertThat(Kernel.isOpen(number)).isFalse();
    }

    @Test
    void closedOneRefusesUse() {
        here.close();
        here.close();
        here.shutdown();
        assertThatExceptionOfType(PosixException.class).isThrownBy(() -> here.send(bytes("x"))).withMessageContaining("EBADF");
        assertThatExceptionOfType(PosixException.class).isThrownBy(() -> receive(here)).withMessageContaining("EBADF");
        assertThatExceptionOfType(PosixException.class).isThrownBy(here::peerCredentials).withMessageContaining("EBADF");
    }

    @Test
    void knowsItsPeer() throws Exception {
        PeerCredentials peer = here.peerCredentials();
        assertThat(peer.pid()).isEqualTo((int) Posix.pid());
        int uid = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        int gid = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:gid");
        assertThat(peer).isEqualTo(new PeerCredentials((int) Posix.pid(), uid, gid));
    }
}
