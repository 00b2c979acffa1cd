// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.virtio.device.VirtioException;
import org.virtio.queue.Virtqueue;
import org.virtio.spec.Feature;
import org.virtio.transport.TransportProvider;

/** What holds when one queue of two is reset or resized, whoever serves it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ResizeContract {
    /** Requests in flight on the queue that is resized; the other has a quarter of that. */
    static final int DEPTH = 64;

    private static final long OTHER_SECTORS = (long) DEPTH * BlkRequest.SECTORS;

    /** Bytes that the disk must have. */
    static final long DISK = 2 * BlkLoad.diskBytes(DEPTH);

    private String path;

    /** Serves a disk of {@link #DISK} bytes on two queues; returns the path of its socket, if it has one. */
    abstract String serve(Path directory) throws Exception;

    /** Opens and starts the device. */
    Rig open(String options, int queues, UnaryOperator<TransportProvider> between) throws Exception {
        return Rig.open(path, options, queues, between);
    }

    /** Ends the back end. */
    abstract void endServing() throws Exception;

    /** Queues of 1024 that the back end can have. */
    abstract List<QueueOptions> queues();

    @BeforeAll
    final void begin(@TempDir Path directory) throws Exception {
        path = serve(directory);
    }

    @AfterAll
    final void end() throws Exception {
        endServing();
    }

    /** An old ring of which requests came back unused is kept until the device is reset. */
    @ParameterizedTest
    @MethodSource("queues")
    void aQueueIsResetAndResizedUnderLoadWhileAnotherGoesOn(QueueOptions options) throws Exception {
        try (Rig rig = open(options.query(), 2, UnaryOperator.identity());
            Neighbour neighbour = new Neighbour(rig.device(), 1, OTHER_SECTORS)) {
            options.check(rig.device().negotiatedFeatures());
            assertThat(rig.device().negotiatedFeatures().contains(Feature.RING_RESET)).as("RING_RESET").isTrue();
            Virtqueue queue = rig.device().acquireQueue(0);
            BlkLoad load = new BlkLoad(rig.device(), queue, DEPTH, 0, 1);
            neighbour.awaitProgress();
            long memory = rig.device().memory().allocated();
            for (int size : options.packed() ? new int[] {256, 100, 3, 64, 1024} : new int[] {256, 64, 2, 1024}) {
                load.submit(DEPTH);
                rig.device().resizeQueue(queue, size, load, load.givenUp());
                works(queue, load, size);
                load.submit(DEPTH);
                rig.device().resetQueue(queue, load, load.givenUp());
                works(queue, load, size);
                neighbour.awaitProgress();
            }
            if (load.unused() == 0) {
                assertThat(rig.device().memory().allocated()).as("memory").isEqualTo(memory);
            }
            assertThat(queue.dump().breaks).isZero();
            rig.device().releaseQueue(queue);
            neighbour.end();
            rig.restart(2);
            assertThat(rig.device().memory().allocated()).as("memory with the rings as they were").isEqualTo(memory);
        }
    }

    private static void works(Virtqueue queue, BlkLoad load, int size) {
        assertThat(queue.size()).isEqualTo(size);
        assertThat(load.inFlight()).as("neither used nor given back").isZero();
        for (Waiting waiting : Waiting.values()) {
            load.run(waiting, DEPTH);
        }
        load.check();
    }

    @ParameterizedTest
    @MethodSource("queues")
    void whatCannotBeIsRefusedAndChangesNothing(QueueOptions options) throws Exception {
        try (Rig rig = open(options.query(), 1, UnaryOperator.identity())) {
            Virtqueue queue = rig.device().acquireQueue(0);
            BlkLoad load = new BlkLoad(rig.device(), queue, DEPTH, 0, 1);
            load.submit(DEPTH);
            long inFlight = load.inFlight();
            for (int size : options.packed() ? new int[] {0, 2048} : new int[] {0, 100, 2048}) {
                assertThatThrownBy(() -> rig.device().resizeQueue(queue, size, load, load))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining(Integer.toString(size));
            }
            assertThat(load.inFlight()).isEqualTo(inFlight);
            works(queue, reaped(load), options.size());
            rig.device().releaseQueue(queue);
            assertThatThrownBy(() -> rig.device().resetQueue(queue, load, load)).isInstanceOf(IllegalStateException.class);
        }
    }

    private static BlkLoad reaped(BlkLoad load) {
        load.run(Waiting.NEXT, 0);
        return load;
    }

    @ParameterizedTest
    @MethodSource("queues")
    void whereTheNewRingIsRefusedTheOldOneWorksOn(QueueOptions options) throws Exception {
        RefusingProvider[] provider = new RefusingProvider[1];
        try (Rig rig = open(options.query(), 1, real -> provider[0] = new RefusingProvider(real, 64))) {
            Virtqueue queue = rig.device().acquireQueue(0);
            BlkLoad load = new BlkLoad(rig.device(), queue, DEPTH, 0, 1);
            long memory = rig.device().memory().allocated();
            load.submit(DEPTH);
            assertThatThrownBy(() -> rig.device().resizeQueue(queue, 64, load, load.givenUp()))
                .isInstanceOf(VirtioException.class).hasMessageContaining("1024").hasMessageContaining(RefusingProvider.REASON);
            assertThat(provider[0].refused()).isEqualTo(1);
            works(queue, load, options.size());
            assertThat(rig.device().memory().allocated()).as("memory").isEqualTo(memory);
            rig.device().resizeQueue(queue, 128, load, load.givenUp());
            works(queue, load, 128);
        }
    }
}
