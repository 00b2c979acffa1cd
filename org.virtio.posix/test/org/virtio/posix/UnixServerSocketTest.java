// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoLeaks.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class UnixServerSocketTest {
    @TempDir
    private Path directory;
    private String path;

    @BeforeEach
    void choosePath() {
        path = directory.resolve("x.sock").toString();
    }

    private static void assertFails(String errnoName, String path, ThrowingAction action) {
        assertThatExceptionOfType(PosixException.class).isThrownBy(action::run).withMessageContaining(path)
                .satisfies(e -> assertThat(e.errnoName()).isEqualTo(errnoName));
    }

    private interface ThrowingAction {
        void run() throws Exception;
    }

    /** What a process leaves behind that dies while it listens. */
    private void leaveBehind() throws Exception {
        try (FileDescriptor fd = UnixSocket.open(path)) {
            assertThat(new SocketAddress("bind", path).bind(fd.intValue())).isZero();
        }
    }

    @Test
    void acceptsConnections() throws Exception {
        try (UnixServerSocket server = UnixServerSocket.bind(path, 0600);
                UnixSocket client = UnixSocket.connect(path);
                UnixSocket accepted = server.accept(-1)) {
            assertThat(server.path()).isEqualTo(path);
            assertThat(Kernel.isCloseOnExec(accepted.fd().intValue())).isTrue();
            client.send(ByteBuffer.wrap(new byte[] {7}));
            ByteBuffer received = ByteBuffer.allocate(2);
            assertThat(accepted.receive(received, new ArrayList<>(), -1)).isEqualTo(1);
            assertThat(received.get(0)).isEqualTo((byte) 7);
            assertThat(client.peerCredentials().pid()).isEqualTo((int) Posix.pid());
        }
    }

    @Test
    void acceptsWhileItWaits() throws Exception {
        try (UnixServerSocket server = UnixServerSocket.bind(path, 0600)) {
            CompletableFuture<UnixSocket> accepting = BlockedCall.start("poll", () -> server.accept(-1));
            assertThat(accepting).isNotDone();
            try (UnixSocket client = UnixSocket.connect(path); UnixSocket accepted = accepting.get()) {
                client.shutdown();
                assertThat(accepted.receive(ByteBuffer.allocate(1), new ArrayList<>(), -1)).isEqualTo(-1);
            }
        }
    }

    @Test
    void acceptKeepsItsTime() throws Exception {
        try (UnixServerSocket server = UnixServerSocket.bind(path, 0600)) {
            assertThatExceptionOfType(SocketTimeoutException.class).isThrownBy(() -> server.accept(0));
            assertThatExceptionOfType(SocketTimeoutException.class).isThrownBy(() -> server.accept(1));
        }
    }

    @Test
    void closeEndsABlockedAccept() throws Exception {
        UnixServerSocket server = UnixServerSocket.bind(path, 0600);
        CompletableFuture<Throwable> accepting = BlockedCall.start("poll", () -> catchThrowable(() -> server.accept(-1)));
        assertThat(accepting).isNotDone();
        server.close();
        assertThat(accepting.get()).hasMessageContaining("EBADF");
        assertFails("EBADF", path, () -> server.accept(-1));
    }

    @Test
    void modeHoldsWhateverTheUmask() throws Exception {
        try (UnixServerSocket server = UnixServerSocket.bind(path, 0666)) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(Path.of(path)))).isEqualTo("rw-rw-rw-");
            assertThat(server.fd().isOpen()).isTrue();
        }
    }

    /** The file has its mode from its first moment, without a window in which others could connect. */
    @Test
    void theFileIsCreatedWithTheModeOfTheSocket() throws Exception {
        try (FileDescriptor fd = UnixSocket.open(path)) {
            assertThat(LibC.libc().fchmod(fd.intValue(), 0600)).isZero();
            assertThat(new SocketAddress("bind", path).bind(fd.intValue())).isZero();
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(Path.of(path)))).isEqualTo("rw-------");
        }
    }

    @Test
    void replacesASocketThatWasLeftBehind() throws Exception {
        leaveBehind();
        try (UnixServerSocket server = UnixServerSocket.bind(path, 0600);
                UnixSocket client = UnixSocket.connect(path);
                UnixSocket accepted = server.accept(-1)) {
            assertThat(accepted.fd().isOpen()).isEqualTo(client.fd().isOpen());
        }
    }

    @Test
    void leavesALiveSocketAlone() throws Exception {
        try (UnixServerSocket server = UnixServerSocket.bind(path, 0600)) {
            assertFails("EADDRINUSE", path, () -> UnixServerSocket.bind(path, 0600));
            server.accept(0).close();
            try (UnixSocket client = UnixSocket.connect(path); UnixSocket accepted = server.accept(-1)) {
                assertThat(accepted.fd().isOpen()).isEqualTo(client.fd().isOpen());
            }
        }
    }

    @Test
    void neverRemovesWhatIsNoSocket() throws Exception {
        Files.writeString(Path.of(path), "precious");
        assertFails("EADDRINUSE", path + " exists and is no socket", () -> UnixServerSocket.bind(path, 0600));
        assertThat(Path.of(path)).hasContent("precious");

        Path link = Files.createSymbolicLink(directory.resolve("link"), Path.of(path));
        assertFails("EADDRINUSE", link.toString(), () -> UnixServerSocket.bind(link.toString(), 0600));
        assertThat(Files.isSymbolicLink(link)).isTrue();
        assertFails("EADDRINUSE", directory.toString(), () -> UnixServerSocket.bind(directory.toString(), 0600));
    }

    @Test
    void closeRemovesItsFile() throws Exception {
        UnixServerSocket server = UnixServerSocket.bind(path, 0600);
        server.close();
        assertThat(Path.of(path)).doesNotExist();
        Files.writeString(Path.of(path), "precious");
        server.close();
        assertThat(Path.of(path)).hasContent("precious");
    }

    @Test
    void closeLeavesTheFileOfAnother() throws Exception {
        UnixServerSocket server = UnixServerSocket.bind(path, 0600);
        Files.move(Path.of(path), directory.resolve("moved"));
        leaveBehind();
        server.close();
        assertThat(Files.exists(Path.of(path), LinkOption.NOFOLLOW_LINKS)).isTrue();
    }

    @Test
    void connectSaysWhyItCannot() throws Exception {
        assertFails("ENOENT", path, () -> UnixSocket.connect(path));
        assertFails("ECONNREFUSED", directory + " is a directory", () -> UnixSocket.connect(directory.toString()));
        leaveBehind();
        assertFails("ECONNREFUSED", "connect(" + path + ")", () -> UnixSocket.connect(path));
        Files.delete(Path.of(path));
        Files.createFile(Path.of(path));
        assertFails("ECONNREFUSED", path + " is a plain file", () -> UnixSocket.connect(path));
        assertFails("EINVAL", "''", () -> UnixSocket.connect(""));
        assertFails("EINVAL", "x@y", () -> UnixSocket.connect("x\0y"));
    }

    @Test
    void aFullQueueIsAnErrorAndNoWait() throws Exception {
        var clients = new ArrayList<UnixSocket>();
        try (UnixServerSocket server = UnixServerSocket.bind(path, 0600)) {
            assertThat(server.fd().isOpen()).isTrue();
            assertFails("EAGAIN", path, () -> {
                while (clients.size() < 1000) {
                    clients.add(UnixSocket.connect(path));
                }
            });
        } finally {
            clients.forEach(UnixSocket::close);
        }
    }

    @Test
    void pathHasALimit() throws Exception {
        String longest = path + "y".repeat(107 - path.length());
        UnixServerSocket.bind(longest, 0600).close();
        String tooLong = longest + "y";
        assertFails("ENAMETOOLONG", "at most 107", () -> UnixSocket.connect(tooLong));
        assertFails("ENAMETOOLONG", tooLong, () -> UnixServerSocket.bind(tooLong, 0600));
    }

    @Test
    void bindNeedsADirectory() {
        assertFails("ENOENT", path, () -> UnixServerSocket.bind(path + "/none/y.sock", 0600));
    }
}
