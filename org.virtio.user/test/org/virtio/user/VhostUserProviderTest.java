// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.virtio.device.DeviceAddress;
import org.virtio.device.VirtioException;
import org.virtio.posix.UnixServerSocket;

/** Addresses that lead nowhere, or elsewhere. */
class VhostUserProviderTest extends ScriptedTest {
    private void assertRefused(String address, String reason) {
        assertThatThrownBy(() -> provider.open(DeviceAddress.parse("vhost-user:" + address), listener))
            .isInstanceOf(VirtioException.class).hasMessage(reason);
        assertThat(listener.toldNothing()).isTrue();
    }

    @Test
    void hasItsScheme() {
        assertThat(provider.scheme()).isEqualTo("vhost-user");
    }

    @Test
    void noSuchFile() {
        Path path = directory.resolve("missing.sock");
        assertRefused(path.toString(), "cannot connect to " + path + ": there is no such file; is the back end running?");
    }

    @Test
    void aDirectory() {
        assertRefused(directory.toString(), "cannot connect to " + directory + ": it is a directory, not a socket");
    }

    @Test
    void aPlainFile() throws IOException {
        Path path = Files.createFile(directory.resolve("plain"));
        assertRefused(path.toString(), "cannot connect to " + path + ": it is a plain file, not a socket");
    }

    @Test
    void nobodyListens() throws Exception {
        Path path = directory.resolve("dead.sock");
        Path moved = directory.resolve("moved.sock");
        try (UnixServerSocket server = UnixServerSocket.bind(path.toString(), 0600)) {
            Files.move(path, moved);
            assertThat(server.path()).isEqualTo(path.toString());
        }
        assertRefused(moved.toString(), "cannot connect to " + moved + ": nobody listens on it; is the back end running?");
    }

    @Test
    void aSocketThatNeverAnswers() throws Exception {
        try (UnixServerSocket server = UnixServerSocket.bind(directory.resolve("mute.sock").toString(), 0600)) {
            assertRefused(server.path() + "?reply_timeout=50",
                server.path() + ": the back end did not answer GET_FEATURES within 300 ms (it has not read the request)");
        }
    }

    @Test
    void aPathThatIsTooLong() {
        assertThatThrownBy(() -> provider.open(DeviceAddress.parse("vhost-user:/" + "x".repeat(200)), listener))
            .isInstanceOf(VirtioException.class).hasMessageContaining("ENAMETOOLONG");
    }

    @Test
    void whatCannotBeIsKnownWithoutConnecting() {
        assertThatThrownBy(() -> provider.check(DeviceAddress.parse("vhost-user:/x?queues=5000")))
            .isInstanceOf(IllegalArgumentException.class).hasMessage("option queues=5000 is not a number from 1 to 256");
        assertThatThrownBy(() -> provider.check(DeviceAddress.parse("vhost-user:/x?access=vfio")))
            .isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith("unknown option 'access' for vhost-user; known");
        provider.check(DeviceAddress.parse("vhost-user:" + directory.resolve("missing.sock") + "?queues=256&type=net"));
    }

    @Test
    void badOptions() {
        assertThatThrownBy(() -> provider.open(DeviceAddress.parse("vhost-user:/x?colour=red"), listener))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("unknown option 'colour'");
        assertThatThrownBy(() -> provider.open(DeviceAddress.parse("vhost-user:/x?queues=0"), listener))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("queues=0");
        assertThatThrownBy(() -> provider.open(DeviceAddress.parse("vhost-user:/x?type=floppy"), listener))
            .isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith("option type: 'floppy' is no device type");
        assertThatThrownBy(() -> provider.open(DeviceAddress.parse("vhost-user:/x?reply_timeout=soon"), listener))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("reply_timeout=soon");
    }
}
