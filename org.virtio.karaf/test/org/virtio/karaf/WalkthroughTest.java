// SPDX-License-Identifier: Apache-2.0
package org.virtio.karaf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the page about Karaf says, done as it says. */
class WalkthroughTest {
    private static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();
    private static final String TEMPORARY = "/tmp/";

    @TempDir
    private Path directory;

    @Test
    void everyStepOfThePageDoesWhatThePageSays() throws Exception {
        List<Walkthrough.Step> steps = Walkthrough.steps(CHECKOUT.resolve("docs/karaf.md"));
        assertThat(steps).hasSizeGreaterThan(10);
        try (Karaf karaf = new Karaf(directory)) {
            for (Walkthrough.Step step : steps) {
                String command = step.command().replace(TEMPORARY, directory + "/");
                String output = (step.karaf() ? karaf.run(command) : shell(command)).replace(directory + "/", TEMPORARY);
                assertThat(step.fits(output)).as("docs/karaf.md:%d: %s%nprints%n%s%nbut this is expected:%n%s", step.line(),
                    command, output, String.join("\n", step.expected())).isTrue();
            }
            assertThat(karaf.log()).anyMatch(line -> line.contains("org.virtio.core") && line.contains("Attached vhost-user:"));
        }
    }

    private static String shell(String command) throws Exception {
        Process process = new ProcessBuilder("sh", "-c", command).directory(CHECKOUT.toFile()).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s: %s", command, output).isZero();
        return output;
    }
}
