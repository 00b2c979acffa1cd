// SPDX-License-Identifier: Apache-2.0
package org.virtio.shell.complete;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.BundleContext;
import org.virtio.shell.Services;

class CandidatesTest {
    /** In a framework without any service; prompts with services are tested as a whole. */
    private final Candidates candidates = new Candidates(new Services((BundleContext) Proxy.newProxyInstance(
        getClass().getClassLoader(), new Class<?>[] {BundleContext.class},
        (proxy, method, arguments) -> method.getName().equals("getServiceReferences") ? List.of() : null)));

    @TempDir
    private Path directory;

    @Test
    void vhostUserAddressesAreCompletedToSocketsAndToDirectoriesOnTheWay() throws Exception {
        Files.createFile(directory.resolve("file"));
        Files.createDirectory(directory.resolve("more"));
        try (ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            socket.bind(UnixDomainSocketAddress.of(directory.resolve("disk.sock")));
            String beginning = "vhost-user:" + directory + "/";
            assertThat(candidates.of("virtio:attach", beginning + "d"))
                .containsExactlyInAnyOrder(beginning + "disk.sock", beginning + "more/");
            assertThat(candidates.of("attach", beginning)).hasSize(2);
        }
    }

    @Test
    void whereNothingCanBeOfferedNothingFails() {
        assertThat(candidates.of("virtio:attach", "vhost-user:" + directory + "/none/")).isEmpty();
        assertThat(candidates.of("virtio:attach", "vhost-user:\0/")).isEmpty();
        assertThat(candidates.of("virtio:attach", "pci:")).isEmpty();
        assertThat(candidates.of("virtio:read", "d")).isEmpty();
        assertThat(candidates.of("virtio:scan", "")).isEmpty();
        assertThat(candidates.of("virtio:list", "")).isEmpty();
    }
}
