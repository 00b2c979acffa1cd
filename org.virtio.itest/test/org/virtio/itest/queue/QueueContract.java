// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.virtio.itest.support.Failures;
import org.virtio.queue.QueueDTO;
import org.virtio.queue.QueueResult;
import org.virtio.queue.Virtqueue;
import org.virtio.transport.TransportProvider;

/** What holds for a queue of every format and size, end to end: core, transport, and the back end of a subclass. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class QueueContract {
    /** The most requests in flight. */
    static final int MAX_DEPTH = 2048;
    private static final int REQUESTS = 400;
    /** Of that many failures each may have taken its full time; more would tell no more. */
    private static final int ENOUGH = 5;

    /** Serves a disk of {@link BlkLoad#diskBytes} for {@link #MAX_DEPTH}; returns the path of its socket, if it has one. */
    abstract String serve(Path directory) throws Exception;

    /** Opens and starts the device. */
    Rig open(String options, int queues, UnaryOperator<TransportProvider> between) throws Exception {
        return Rig.open(path, options, queues, between);
    }

    /** Ends the back end. */
    abstract void endServing() throws Exception;

    /** The queues that the back end can have. */
    abstract List<QueueOptions> queues();

    private String path;
    /** Of all queues: one alone may have a back end that is always faster. */
    private long wakeups;
    private long notifications;
    private int failures;

    @BeforeAll
    final void begin(@TempDir Path directory) throws Exception {
        path = serve(directory);
    }

    @AfterAll
    final void end() throws Exception {
        endServing();
        assertThat(wakeups).as("wake-ups").isPositive();
        assertThat(notifications).as("notifications").isPositive();
    }

    @ParameterizedTest
    @MethodSource("queues")
    void everyRequestComesBackOnceWithItsData(QueueOptions options) throws Exception {
        assertThat(failures).as("failures, after which this was not tried").isLessThan(ENOUGH);
        long seed = Long.getLong("virtio.seed", System.nanoTime());
        try (Rig rig = open(options.query(), 1, UnaryOperator.identity())) {
            options.check(rig.device().negotiatedFeatures());
            Virtqueue queue = rig.device().acquireQueue(0);
            assertThat(queue.size()).isEqualTo(options.size());
            assertThat(queue.begin("too long", options.size() + 1)).isEqualTo(QueueResult.INVALID);
            // A block request has two buffers at least, its header and its status: one descriptor carries none.
            if (options.size() >= 2) {
                load(rig, queue, options, seed);
            }
        } catch (AssertionError | Exception e) {
            failures++;
            throw Failures.in("with -Dvirtio.seed=" + seed, e);
        }
    }

    private void load(Rig rig, Virtqueue queue, QueueOptions options, long seed) {
        int depth = Math.min(options.size(), MAX_DEPTH);
        BlkLoad load = new BlkLoad(rig.device(), queue, depth, 0, seed);
        for (Waiting waiting : Waiting.values()) {
            load.run(waiting, Math.max(REQUESTS, depth));
        }
        QueueDTO dto = load.check();
        assertThat(dto.format).isEqualTo(options.packed() ? "packed" : "split");
        assertThat(dto.indirect > 0).as("requests with indirect tables").isEqualTo(options.indirect());
        assertThat(dto.breaks).isZero();
        wakeups += dto.wakeups;
        notifications += dto.notificationsSent;
    }
}
