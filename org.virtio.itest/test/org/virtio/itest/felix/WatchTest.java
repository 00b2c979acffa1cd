// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.felix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
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

    private static final Pattern PERCENTILES = Pattern.compile(
        "disk0 +ready .* ([0-9.]+) ([num]?s) +([0-9.]+) ([num]?s) +([0-9.]+) ([num]?s) +[^ ]+");
    private static final Map<String, Double> UNITS = Map.of("ns", 1.0, "us", 1e3, "ms", 1e6, "s", 1e9);

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

    private static double nanos(String number, String unit) {
        return Double.parseDouble(number) * UNITS.get(unit);
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
            assertThat(text).containsPattern("NAME +STATE +IOPS +MIB/S +DEPTH +MEAN +P50 +P99 +MAX +LAST IOPS")
                .containsPattern("disk0 +ready +[1-9][0-9,]* +[0-9.]+ +[0-9.]+ +[0-9.]+ [num]?s ");
            assertThat(text.lines().filter(line -> line.startsWith("NAME"))).hasSize(3);
            assertThat(PERCENTILES.matcher(text).results().toList()).as(text).hasSize(3).allSatisfy(row -> {
                double p50 = nanos(row.group(1), row.group(2));
                double p99 = nanos(row.group(3), row.group(4));
                assertThat(p50).isPositive().isLessThanOrEqualTo(p99);
                assertThat(p99).isLessThanOrEqualTo(nanos(row.group(5), row.group(6)));
            });
            assertThat(session.text("virtio:info disk0")).containsPattern("latency p50 [0-9.]+ [num]?s, p99 .* timed");
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
