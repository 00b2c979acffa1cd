// SPDX-License-Identifier: Apache-2.0
package org.virtio.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.virtio.posix.Posix;
import org.virtio.target.backend.TargetManagerComponent;

@ExtendWith(NoLeaks.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AllowedUidTest {
    @TempDir
    private Path directory;
    private final TargetManagerComponent manager = new TargetManagerComponent();
    private final ByteArrayOutputStream log = new ByteArrayOutputStream();
    private final PrintStream err = System.err;
    private TargetOptions options;
    private long own;

    @BeforeEach
    void takeTheLog() throws Exception {
        own = ((Integer) Files.getAttribute(directory, "unix:uid")).longValue();
        options = TargetOptions.ram(directory.resolve("t").toString(), 1 << 20);
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void close() {
        System.setErr(err);
        manager.close();
    }

    @Test
    void processesOfAnotherUserAreRefusedBeforeTheyAreHeardAndNamedInTheLog() throws Exception {
        assertThat(manager.create(options.withUid(own + 1)).uid).isEqualTo(own + 1);
        try (RawFrontEnd frontEnd = new RawFrontEnd(options.path())) {
            frontEnd.awaitEnd();
        }
        assertThat(log.toString(StandardCharsets.UTF_8)).contains("Target " + options.path() + ": a front end is refused: "
            + "process " + Posix.pid() + " has the uid " + own + ", and only " + (own + 1) + " may connect");
        assertThat(manager.list().get(0).connections).isZero();
    }

    @Test
    void theAllowedUserAndWithoutOneAnyIsServed() throws Exception {
        for (TargetOptions served : new TargetOptions[] {options.withUid(own), options}) {
            manager.create(served);
            try (RawDriver driver = RawDriver.running(served.path(), RawDriver.FEATURES, 1)) {
                assertThat(driver.queues[0].write(0, new byte[512])).isEqualTo(RawQueue.OK);
            }
            manager.delete(served.path());
        }
        assertThat(log.toString(StandardCharsets.UTF_8)).doesNotContain("refused");
    }
}
