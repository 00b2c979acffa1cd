// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.felix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;
import org.virtio.device.DeviceAddress;
import org.virtio.device.VirtioException;

/** Addresses at which there is no device: each is refused with its path, and nothing is declared or left open. */
public class BadAddressTest extends FelixTest {
    private static final String SHORT_TIMEOUT = "?reply_timeout=200";

    /** For sockets. */
    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    private Path path;

    @Before
    public void choosePath() {
        path = folder.getRoot().toPath().resolve("disk.sock");
    }

    @Test
    public void nothingThere() {
        refused("").hasMessageContaining("no such file");
    }

    @Test
    public void directory() throws Exception {
        Files.createDirectory(path);
        refused("").hasMessageContaining("directory");
    }

    @Test
    public void plainFile() throws Exception {
        Files.createFile(path);
        refused("").hasMessageContaining("plain file");
    }

    @Test
    public void socketThatNobodyListensOn() throws Exception {
        listen().close();
        assertThat(Files.exists(path)).isTrue();
        refused("").hasMessageContaining("nobody listens");
    }

    @Test
    public void pathTooLongForASocket() {
        path = folder.getRoot().toPath().resolve("x".repeat(120));
        refused("");
    }

    @Test
    public void peerThatSaysNothing() throws Exception {
        withPeer(socket -> { }, () -> refused(SHORT_TIMEOUT).hasMessageContaining("200"));
    }

    @Test
    public void peerThatHangsUp() throws Exception {
        withPeer(BadAddressTest::close, () -> refused(SHORT_TIMEOUT));
    }

    @Test
    public void peerThatSpeaksSomethingElse() throws Exception {
        withPeer(socket -> send(socket, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".getBytes()),
            () -> refused(SHORT_TIMEOUT));
    }

    @Test
    public void peerThatStopsInTheMiddleOfAReply() throws Exception {
        byte[] beginning = {1, 0, 0, 0, 5, 0, 0, 0, 8, 0, 0, 0, 1, 2};
        withPeer(socket -> send(socket, beginning), () -> refused(SHORT_TIMEOUT));
    }

    @Test
    public void peerThatAnnouncesAHugeReply() throws Exception {
        byte[] huge = {1, 0, 0, 0, 5, 0, 0, 0, -1, -1, -1, 127};
        withPeer(socket -> send(socket, huge), () -> refused(SHORT_TIMEOUT));
    }

    @Test
    public void transportThatIsNotThere() {
        assertThatThrownBy(() -> virtio.registry().attach(DeviceAddress.parse("usb:1-2"), "disk"))
            .isInstanceOf(VirtioException.class).hasMessageContaining("usb").hasMessageContaining("pci, vhost-user");
    }

    @Test
    public void unknownOption() {
        assertThatThrownBy(() -> virtio.registry().attach(DeviceAddress.parse("vhost-user:" + path + "?colour=red"), "disk"))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("colour").hasMessageContaining("reply_timeout");
        assertThatThrownBy(() -> virtio.registry().attach(DeviceAddress.parse("vhost-user:" + path), "a name"))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("a name");
    }

    private AbstractThrowableAssert<?, ? extends Throwable> refused(String options) {
        DeviceAddress address = DeviceAddress.parse("vhost-user:" + path + options);
        AbstractThrowableAssert<?, ? extends Throwable> refusal =
            assertThatThrownBy(() -> virtio.registry().attach(address, "disk")).isInstanceOf(VirtioException.class)
                .hasMessageContaining(path.toString());
        assertThat(virtio.registry().devices()).isEmpty();
        return refusal;
    }

    private ServerSocketChannel listen() throws IOException {
        return ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(path));
    }

    /** Tests with something that accepts one connection. */
    private void withPeer(Consumer<SocketChannel> behaviour, Runnable test) throws Exception {
        try (ServerSocketChannel server = listen()) {
            Thread peer = new Thread(() -> {
                try (SocketChannel socket = server.accept()) {
                    behaviour.accept(socket);
                    ByteBuffer ignored = ByteBuffer.allocate(4096);
                    while (socket.isOpen() && socket.read(ignored) >= 0) {
                        ignored.clear();
                    }
                } catch (IOException e) {
                    // The front end has hung up, which is what it should do.
                }
            });
            peer.start();
            test.run();
            peer.join();
        }
    }

    private static void send(SocketChannel socket, byte[] bytes) {
        try {
            socket.write(ByteBuffer.wrap(bytes));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void close(SocketChannel socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
