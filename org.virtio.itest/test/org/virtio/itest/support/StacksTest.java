// SPDX-License-Identifier: Apache-2.0
package org.virtio.itest.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class StacksTest {
    @Test
    void aFailureTellsWhatThreadsDidWhileItWasWaitedFor() throws Exception {
        CountDownLatch latch = new CountDownLatch(1);
        Thread culprit = new Thread(() -> await(latch), "virtio culprit");
        culprit.start();
        Process child = new ProcessBuilder("sleep", "60").start();
        try {
            assertThatThrownBy(() -> Stacks.watch("attaching", () -> {
                Thread.sleep(200);
                latch.countDown();
                culprit.join();
                throw new IOException("no answer");
            }, 50)).isInstanceOf(AssertionError.class).message()
                .contains("attaching", "no answer", "after 50 ms", "load ")
                .containsPattern("virtio culprit WAITING .*StacksTest.await")
                .containsPattern("main TIMED_WAITING")
                .containsPattern("process " + child.pid() + " .*sleep\\) S");
        } finally {
            child.destroyForcibly();
        }
    }

    @Test
    void whatIsDoneInTimeIsReturned() {
        assertThat(Stacks.watch("attaching", () -> "device")).isEqualTo("device");
        assertThat(Thread.getAllStackTraces().keySet()).extracting(Thread::getName).doesNotContain("watcher");
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
