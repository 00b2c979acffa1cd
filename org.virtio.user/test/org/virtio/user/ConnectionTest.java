// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.virtio.device.VirtioException;
import org.virtio.posix.PosixException;
import org.virtio.posix.UnixSocket;
import org.virtio.user.message.MessageChannel;

/** Who is said to have ended a connection. */
class ConnectionTest {
    private final List<String> failures = new CopyOnWriteArrayList<>();
    private UnixSocket backEnd;
    private Connection connection;

    @BeforeEach
    void connect() throws PosixException {
        UnixSocket[] ends = UnixSocket.pair();
        backEnd = ends[1];
        connection = new Connection(new MessageChannel(ends[0]), 1_000_000_000L, failures::add);
    }

    @AfterEach
    void disconnect() {
        connection.close();
        backEnd.close();
    }

    @Test
    void aBackEndThatHangsUp() {
        connection.hangUp();
        assertThat(connection.hasHungUp()).isTrue();
        assertThat(failures).containsExactly("the back end closed the connection");
    }

    @Test
    void aBackEndThatIsGoneWhenItIsAsked() {
        backEnd.close();
        assertThatThrownBy(connection::confirm).isInstanceOf(VirtioException.class)
            .hasMessage("the back end closed the connection");
        assertThat(connection.hasHungUp()).isTrue();
    }

    /** The socket reports a hang-up when this end has been shut, too; memory must not be taken to be safe for that. */
    @Test
    void aConnectionThatIsGivenUp() {
        connection.fail("it did not answer");
        connection.hangUp();
        assertThat(connection.hasHungUp()).isFalse();
        assertThat(failures).containsExactly("it did not answer");
    }

    @Test
    void aConnectionThatIsClosed() {
        connection.close();
        connection.hangUp();
        assertThat(connection.hasHungUp()).isFalse();
        assertThat(failures).isEmpty();
    }
}
