// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.virtio.spec.BlkRequestLayout.HEADER_SIZE;
import static org.virtio.spec.BlkRequestLayout.STATUS_SIZE;
import static org.virtio.spec.BlkRequestLayout.T_FLUSH;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.virtio.itest.support.StorageDaemon;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueResult;
import org.virtio.queue.UsedBufferHandler;
import org.virtio.queue.Virtqueue;
import org.virtio.spec.BlkRequestLayout;
import org.virtio.target.TargetOptions;
import org.virtio.target.backend.BlockTarget;

/**
 * The indices of 16 bits go all the way round, twice: flushes of a disk that is not there cost the least. All devices here use
 * one request after another.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WrapTest {
    private static final int INDICES = 1 << 16;
    private static final int REQUESTS = 2 * INDICES + 1000;
    private static final int BATCH = 64;
    private static final int SIZE = 256;

    private Path directory;
    private BlockTarget target;
    private String path;

    @BeforeAll
    void serve(@TempDir Path temporary) throws Exception {
        directory = temporary;
        path = directory.resolve("null.sock").toString();
        target = new BlockTarget(new TargetOptions(path, TargetOptions.NULL_DISK, 1 << 20, 512, 1, false, "null"));
    }

    @AfterAll
    void endServing() {
        target.close();
    }

    /** A packed ring's indices end at its size. */
    static List<QueueOptions> queues() {
        return Stream.concat(QueueOptions.all(SIZE).stream().filter(options -> !options.packed()),
            QueueOptions.all(32768).stream().filter(options -> options.packed() && !options.indirect())).toList();
    }

    @ParameterizedTest
    @MethodSource("queues")
    void everyContextComesBackOnceAcrossTheWrap(QueueOptions options) throws Exception {
        goRound(path, options);
    }

    /** Its null-co ends a request before the next is taken, though it does not promise to. */
    @Test
    void alsoWithQemuStorageDaemon() throws Exception {
        try (StorageDaemon daemon = StorageDaemon.start(directory, "node-name=disk,writable=on,num-queues=1",
                "--blockdev", "driver=null-co,node-name=disk,size=1048576")) {
            goRound(daemon.path(), new QueueOptions(false, false, false, true, SIZE));
        }
    }

    private static void goRound(String path, QueueOptions options) throws Exception {
        try (Rig rig = Rig.open(path, options.query(), 1)) {
            options.check(rig.device().negotiatedFeatures());
            Virtqueue queue = rig.device().acquireQueue(0);
            DmaBuffer memory = rig.device().memory().allocate(HEADER_SIZE + SIZE);
            memory.bytes().putInt(BlkRequestLayout.TYPE, T_FLUSH);
            Contexts contexts = new Contexts();
            while (contexts.back < REQUESTS) {
                int batch = (int) Math.min(BATCH, REQUESTS - contexts.entered);
                for (int i = 0; i < batch; i++) {
                    // One buffer more than goes without an indirect table.
                    assertThat(queue.begin(contexts, contexts.entered, 3)).isEqualTo(QueueResult.OK);
                    queue.addReadable(memory, 0, HEADER_SIZE / 2);
                    queue.addReadable(memory, HEADER_SIZE / 2, HEADER_SIZE / 2);
                    queue.addWritable(memory, HEADER_SIZE + i, STATUS_SIZE);
                    contexts.entered++;
                }
                queue.flush();
                while (contexts.back < contexts.entered) {
                    Waiting.NEXT.await(queue);
                    assertThat(queue.poll(contexts, BATCH)).as("poll").isNotNegative();
                }
            }
            assertThat(queue.dump().completions).isEqualTo(REQUESTS);
            assertThat(queue.dump().indirect).as("requests with indirect tables").isEqualTo(options.indirect() ? REQUESTS : 0);
        }
    }

    /** What comes back has to be what is next. */
    private static final class Contexts implements UsedBufferHandler {
        private long entered;
        private long back;

        @Override
        public void used(Object token, int written) {
            throw new AssertionError("the context was lost");
        }

        @Override
        public void used(Object token, long context, int written) {
            if (token != this || context != back || written != STATUS_SIZE) {
                throw new AssertionError("request " + context + " came back where " + back + " was next, with " + written);
            }
            back++;
        }
    }
}
