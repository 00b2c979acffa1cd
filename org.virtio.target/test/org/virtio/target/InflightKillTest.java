// SPDX-License-Identifier: Apache-2.0
package org.virtio.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The process of a target is killed under load, again and again: each request is used once. */
@ExtendWith(NoLeaks.class)
class InflightKillTest {
    private static final int KILLS = Math.max(1, Integer.getInteger("virtio.test.swaps") / 20);
    private static final int MIN_LOAD = 200;

    @TempDir
    Path directory;
    private RawDriver driver;
    private RawQueue queue;
    private final Set<Integer> inFlight = new HashSet<>();
    private final Deque<Integer> free = new ArrayDeque<>();
    private int seen;

    /** In each process one request stalls, so that it is not in turn with the others, and the next process has to find it. */
    @Test
    void eachRequestIsUsedOnce() throws Exception {
        String path = directory.resolve("t").toString();
        Random random = new Random();
        TargetProcess process = TargetProcess.start(path, "reorder,stall@50");
        try (RawDriver started = new RawDriver(path, RawDriver.FEATURES, 1); RawInflight inflight = RawInflight.get(started)) {
            driver = started;
            queue = driver.queues[0];
            for (int head = 0; head + 2 < queue.size; head += 3) {
                free.add(head);
            }
            start(inflight);
            for (int kill = 1; kill <= KILLS; kill++) {
                load(MIN_LOAD + random.nextInt(MIN_LOAD));
                process.close();
                process = TargetProcess.start(path, kill < KILLS ? "reorder,stall@50" : "");
                driver.reconnect(path);
                start(inflight);
            }
            load(MIN_LOAD);
            while (!inFlight.isEmpty()) {
                takeUsed();
            }
            assertThat(queue.usedIndex()).isEqualTo(queue.availableIndex());
        } finally {
            process.close();
        }
    }

    private void start(RawInflight inflight) throws Exception {
        driver.share();
        inflight.set(driver);
        driver.start(0);
    }

    private void load(int requests) {
        int left = requests;
        while (left > 0) {
            while (!free.isEmpty()) {
                int head = free.remove();
                queue.lay(head, RawQueue.OUT, 0, new byte[512], 0);
                queue.put(head);
                inFlight.add(head);
            }
            queue.publish();
            queue.kick.signal();
            left -= takeUsed();
        }
    }

    private int takeUsed() {
        Await.until("something is used", () -> queue.usedIndex() != seen);
        int count = 0;
        for (int used = queue.usedIndex(); seen != used; seen = seen + 1 & 0xffff) {
            int head = queue.usedId(seen);
            assertThat(inFlight.remove(head)).as("%d is in flight", head).isTrue();
            assertThat(queue.statusOf(head)).isEqualTo(RawQueue.OK);
            free.add(head);
            count++;
        }
        return count;
    }
}
