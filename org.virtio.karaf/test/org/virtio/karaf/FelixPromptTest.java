// SPDX-License-Identifier: Apache-2.0
package org.virtio.karaf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The release's own prompt: what Karaf's completes, it completes as well. */
class FelixPromptTest {
    @TempDir
    private Path directory;

    @Test
    void tabCompletesDevicesAndAddresses() throws Exception {
        Path program = Path.of(System.getProperty("virtio.layout"), "bin", "virtio");
        try (Prompt prompt = new Prompt(program, directory, Map.of("TMPDIR", directory.toString()))) {
            assertThat(prompt.run("virtio:target create " + directory + "/other.sock ram --size 1M")).contains("other.sock");
            assertThat(prompt.run("virtio:attach vh\t" + directory + "/oth\tdisk1")).contains("ready", "other.sock");
            assertThat(prompt.run("virtio:flush disk1\t")).isEqualTo("disk1 is flushed");
            assertThat(prompt.run("read disk0\t0 1")).startsWith("00000000");
        }
    }
}
