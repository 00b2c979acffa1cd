// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.virtio.device.VirtioException;
import org.virtio.itest.support.Await;
import org.virtio.memory.DmaBuffer;
import org.virtio.memory.DmaExhaustedException;
import org.virtio.queue.Virtqueue;
import org.virtio.target.TargetOptions;
import org.virtio.target.backend.BlockTarget;

/** Reset and resize with the embedded target, also of a queue with requests that it never uses. */
class TargetResizeTest extends ResizeContract {
    private static final int REQUESTS = 8;
    private static final int STALLED = 3;
    private static final int LESS_THAN_THE_RING = 16384;

    private BlockTarget target;

    private static TargetOptions options(Path directory) {
        return TargetOptions.ram(directory.resolve("disk.sock").toString(), DISK);
    }

    @Override
    String serve(Path directory) throws Exception {
        target = new BlockTarget(options(directory).withQueues(2));
        return target.dto().path;
    }

    @Override
    void endServing() {
        target.close();
    }

    @Override
    List<QueueOptions> queues() {
        return QueueOptions.all(1024).stream().filter(options -> options.indirect() == options.eventIdx()).toList();
    }

    /** Indirect tables and events are no matter here; a split queue costs a second, for which the transport waits. */
    static List<QueueOptions> plain() {
        return QueueOptions.all(256).stream().filter(options -> options.indirect() && options.eventIdx()).toList();
    }

    @ParameterizedTest
    @MethodSource("plain")
    void requestsThatStallAreGivenBackOnceAndTheQueueWorksOn(QueueOptions options, @TempDir Path directory) throws Exception {
        try (BlockTarget stalling = new BlockTarget(options(directory).withFaults("stall@" + STALLED));
            Rig rig = Rig.open(stalling.dto().path, options.query(), 1)) {
            Virtqueue queue = rig.device().acquireQueue(0);
            BlkLoad load = new BlkLoad(rig.device(), queue, REQUESTS, 0, 1);
            load.submit(REQUESTS);
            int stalled = options.inOrder() ? REQUESTS - STALLED + 1 : 1;
            Await.until("all but " + stalled + " requests come back", () -> {
                load.reap(REQUESTS);
                return load.inFlight() == stalled;
            });
            rig.device().resetQueue(queue, load, load.givenUp());
            assertThat(load.unused()).as("requests given back").isEqualTo(stalled);
            load.run(Waiting.NEXT, 3 * 256);
            load.check();
        }
    }

    @ParameterizedTest
    @MethodSource("plain")
    void whatWasUsedAndNotPolledIsNotLost(QueueOptions options, @TempDir Path directory) throws Exception {
        try (BlockTarget back = new BlockTarget(options(directory)); Rig rig = Rig.open(back.dto().path, options.query(), 1)) {
            Virtqueue queue = rig.device().acquireQueue(0);
            BlkLoad load = new BlkLoad(rig.device(), queue, REQUESTS, 0, 1);
            load.submit(REQUESTS);
            Await.until("the target has done all", () -> back.dto().requests == REQUESTS);
            rig.device().resetQueue(queue, load, load.givenUp());
            assertThat(load.unused()).as("requests given back").isZero();
            load.check();
        }
    }

    @Test
    void withoutMemoryForTheRingNothingChanges(@TempDir Path directory) throws Exception {
        try (BlockTarget back = new BlockTarget(options(directory));
            Rig rig = Rig.open(back.dto().path, "size=1024&memory=1", 1)) {
            Virtqueue queue = rig.device().acquireQueue(0);
            rig.device().resizeQueue(queue, 64, (token, written) -> { }, (token, written) -> { });
            BlkLoad load = new BlkLoad(rig.device(), queue, REQUESTS, 0, 1);
            List<DmaBuffer> all = new ArrayList<>();
            assertThatThrownBy(() -> {
                while (all.size() < 10_000) {
                    all.add(rig.device().memory().allocate(LESS_THAN_THE_RING));
                }
            }).isInstanceOf(DmaExhaustedException.class);
            load.submit(REQUESTS);
            assertThatThrownBy(() -> rig.device().resizeQueue(queue, 1024, load, load))
                .isInstanceOf(VirtioException.class).hasMessageContaining("memory").hasMessageContaining("1024");
            assertThat(load.unused()).isZero();
            load.run(Waiting.NEXT, 100);
            load.check();
            assertThat(queue.size()).isEqualTo(64);
        }
    }
}
