// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.virtio.device.VirtioException;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.Virtqueue;

class QueueOwnershipTest extends DeviceFixture {
    @Test
    void aQueueHasOneOwner() throws Exception {
        started();
        Virtqueue queue = device.acquireQueue(1);
        assertThat(queue.index()).isEqualTo(1);
        assertThat(device.queueOwner(1)).isSameAs(Thread.currentThread());
        assertThat(device.isQueueAcquired(1)).isTrue();
        assertThat(device.isQueueAcquired(0)).isFalse();
        assertThatIllegalStateException().isThrownBy(() -> device.acquireQueue(1))
            .withMessage("queue 1 is owned by " + Thread.currentThread().getName());
        device.releaseQueue(queue);
        assertThat(device.queueOwner(1)).isNull();
        assertThat(device.acquireQueue(1)).isSameAs(queue);
    }

    @Test
    void theFirstFreeQueueIsFound() throws VirtioException {
        started();
        device.acquireQueue(2);
        assertThat(device.acquireFreeQueue(1).index()).isEqualTo(1);
        assertThat(device.acquireFreeQueue(1).index()).isEqualTo(3);
        assertThat(device.acquireFreeQueue(1)).isNull();
        assertThat(device.acquireFreeQueue(4)).isNull();
        assertThat(device.acquireFreeQueue(0).index()).isZero();
    }

    @Test
    void onlyTheOwnerReleases() throws Exception {
        started();
        Virtqueue queue = device.acquireQueue(0);
        Thread foreigner = new Thread(() -> assertThatIllegalStateException().isThrownBy(() -> device.releaseQueue(queue))
            .withMessageContaining("queue 0 is owned by " + device.queueOwner(0).getName()), "foreigner");
        List<Throwable> failures = new ArrayList<>();
        foreigner.setUncaughtExceptionHandler((thread, failure) -> failures.add(failure));
        foreigner.start();
        foreigner.join();
        assertThat(failures).isEmpty();
        assertThat(device.queueOwner(0)).isSameAs(Thread.currentThread());
        device.releaseQueue(queue);
        assertThatIllegalStateException().isThrownBy(() -> device.releaseQueue(queue)).withMessageContaining("nobody");
    }

    @Test
    void whatAnOwnerThatEndedLeftBehindCanBeHad() throws Exception {
        started();
        DmaBuffer buffer = device.memory().allocate(512);
        Thread owner = new Thread(() -> {
            Virtqueue queue = device.acquireQueue(0);
            queue.begin("complete", 1);
            queue.addReadable(buffer, 0, 512);
            queue.flush();
            queue.begin("half", 2);
            queue.addReadable(buffer, 0, 512);
        });
        owner.start();
        owner.join();
        assertThat(device.queueOwner(0)).isSameAs(owner);
        Virtqueue queue = device.acquireFreeQueue(0);
        assertThat(queue.index()).isZero();
        assertThat(queue.inFlight()).isEqualTo(1);
        assertThat(queue.publish()).isFalse();
        assertThat(queue.freeDescriptors()).isEqualTo(queue.size() - 1);
    }

    @Test
    void indicesAreChecked() throws VirtioException {
        started();
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> device.acquireQueue(4));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> device.acquireQueue(-1));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> device.queueOwner(4));
    }

    @Test
    void threadsThatCompeteNeverShareAQueue() throws Exception {
        started();
        int threads = 8;
        AtomicIntegerArray users = new AtomicIntegerArray(4);
        CyclicBarrier start = new CyclicBarrier(threads);
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        try {
            List<Future<Integer>> results = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                results.add(executor.submit(() -> {
                    start.await();
                    return compete(users);
                }));
            }
            int acquired = 0;
            for (Future<Integer> result : results) {
                acquired += result.get();
            }
            assertThat(acquired).isPositive();
        } finally {
            executor.shutdownNow();
        }
        for (int i = 0; i < 4; i++) {
            assertThat(device.queueOwner(i)).isNull();
        }
    }

    private int compete(AtomicIntegerArray users) {
        int acquired = 0;
        for (int round = 0; round < 5000; round++) {
            Virtqueue queue = device.acquireFreeQueue(0);
            if (queue != null) {
                acquired++;
                assertThat(users.incrementAndGet(queue.index())).isEqualTo(1);
                Thread.yield();
                users.decrementAndGet(queue.index());
                device.releaseQueue(queue);
            }
        }
        return acquired;
    }
}
