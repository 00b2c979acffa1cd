// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.felix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.After;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.blk.BlockDevice;
import org.virtio.itest.support.Await;
import org.virtio.target.TargetOptions;

/** The commands that let a user watch what goes on. */
public class WatchTest extends FelixTest {
    private static final Logger LOG = LoggerFactory.getLogger("org.virtio.core.registry.None");

    /** For sockets. */
    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    private Session session;
    private BlockDevice disk;

    @Before
    public void attach() throws Exception {
        session = new Session(virtio);
        disk = virtio.attach(virtio.target(TargetOptions.ram(folder.getRoot() + "/disk.sock", 1 << 20)).path, "disk0");
    }

    @After
    public void closeSession() {
        session.close();
    }

    @Test
    public void requestsAreSeenWhileTheyAreMade() throws Exception {
        AtomicBoolean enough = new AtomicBoolean();
        CompletableFuture<Void> load = CompletableFuture.runAsync(() -> {
            ByteBuffer block = ByteBuffer.allocateDirect(4096);
            while (!enough.get()) {
                disk.readAsync(0, block.clear()).join();
            }
        });
        try {
            Await.until("a request was made", () -> virtio.requests("disk0") > 0);
            String text = session.printed("virtio:watch disk0 --interval 500ms --count 3");
            assertThat(text).containsPattern("NAME +STATE +IOPS +MIB/S +DEPTH +MEAN [(]LITTLE[)] +LAST IOPS")
                .containsPattern("disk0 +ready +[1-9][0-9,]* +[0-9.]+ +[0-9.]+ +[0-9.]+ [num]?s ");
            assertThat(text.lines().filter(line -> line.startsWith("NAME"))).hasSize(3);
        } finally {
            enough.set(true);
            load.join();
        }
    }

    @Test
    public void aDeviceThatIsNotOpenIsWatchedToo() throws Exception {
        virtio.stop("org.virtio.user");
        assertThat(session.printed("virtio:watch --interval 100ms --count 1")).containsPattern("disk0 +suspended +");
        virtio.start("org.virtio.user");
        virtio.block("disk0");
    }

    @Test
    public void whatCannotBeWatchedIsSaid() {
        assertThatThrownBy(() -> session.run("virtio:watch nonsense"))
            .hasMessageContaining("nonsense").hasMessageContaining("disk0");
        assertThatThrownBy(() -> session.run("virtio:watch --interval 1ms")).hasMessageContaining("100ms to 60m");
        assertThatThrownBy(() -> session.run("virtio:watch --count 0")).hasMessageContaining("--count '0'");
    }

    @Test
    public void levelsAreSetAndTakenBack() throws Exception {
        assertThat(LOG.isDebugEnabled()).isFalse();
        assertThat(session.text("virtio:log org.virtio.core.registry debug")).containsPattern("registry +debug");
        assertThat(LOG.isDebugEnabled()).isTrue();
        assertThat(LOG.isTraceEnabled()).isFalse();
        assertThat(session.text("virtio:log org.virtio.core")).containsPattern("None +debug +org[.]virtio[.]core[.]registry");
        session.run("virtio:log org.virtio.core.registry default");
        assertThat(LOG.isDebugEnabled()).isFalse();
        assertThatThrownBy(() -> session.run("virtio:log org.virtio.core loud")).hasMessageContaining("trace, debug, info");
        assertThatThrownBy(() -> session.run("virtio:log nonsense")).hasMessageContaining("org.virtio.core");
    }
}
