// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class StatementsTest {
    @Test
    void semicolonsAndLinesSeparate() {
        assertThat(Statements.of("virtio:list; virtio:info disk0\nvirtio:dump disk0;"))
            .containsExactly("virtio:list", "virtio:info disk0", "virtio:dump disk0");
    }

    @Test
    void quotesAndBracesKeepTogether() {
        assertThat(Statements.of("write disk0 0 'a; b'; each [1 2] { echo $it; echo x }"))
            .containsExactly("write disk0 0 'a; b'", "each [1 2] { echo $it; echo x }");
    }

    @Test
    void pipesAndConditionsStayOneStatement() {
        assertThat(Statements.of("list | grep disk; info a && info b || echo no"))
            .containsExactly("list | grep disk", "info a && info b || echo no");
    }

    @Test
    void anAddressWithOptionsIsOneWordIfQuoted() {
        assertThat(Statements.of("attach 'vhost-user:/x.sock?queues=2&size=256' d"))
            .containsExactly("attach 'vhost-user:/x.sock?queues=2&size=256' d");
    }

    @Test
    void nothingIsNoStatement() {
        assertThat(Statements.of("")).isEmpty();
        assertThat(Statements.of(" ; ;")).isEmpty();
    }

    @Test
    void whatCannotBeParsedThrows() {
        assertThatThrownBy(() -> Statements.of("echo (")).isInstanceOf(RuntimeException.class);
    }
}
