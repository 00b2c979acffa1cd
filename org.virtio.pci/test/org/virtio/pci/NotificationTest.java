// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.virtio.pci.access.MappedRegisters;
import org.virtio.pci.access.Registers;
import org.virtio.posix.EventFd;
import org.virtio.posix.SharedMemory;

/** Notifications of one queue in both directions, through a mapped register and by each way to wait. */
@Timeout(60)
class NotificationTest {
    private static final int ROUNDS = 100_000;
    /** What a compilation or a safepoint may charge to the thread once; far below a byte for each round. */
    private static final long NOISE = 8192;
    private static final long HOUR = TimeUnit.HOURS.toNanos(1);

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @Test
    void notifyingAndWaitingAllocateNothing() throws IOException {
        try (SharedMemory memory = SharedMemory.create("registers", 4096, false); EventFd signal = EventFd.create();
             MappedRegisters registers = new MappedRegisters(memory.mapping())) {
            PciQueue plain = queue(registers.slice(4, 2), false, new EventFdWait(signal, false));
            PciQueue withData = queue(registers.slice(8, 4), true, new PolledWait());
            round(plain, withData);
            long before = threads.getCurrentThreadAllocatedBytes();
            round(plain, withData);
            assertThat(threads.getCurrentThreadAllocatedBytes() - before).as("bytes for %d rounds", ROUNDS).isLessThan(NOISE);
            assertThat(registers.read32(4)).isEqualTo(7);
            assertThat(registers.read32(8)).isEqualTo(0x8001_0007);
        }
    }

    private static PciQueue queue(Registers address, boolean withData, UsedWait wait) {
        return new PciQueue(0, address, new PciQueue.Form(withData, 7), wait, e -> {
            throw new AssertionError(e);
        });
    }

    private static void round(PciQueue... queues) {
        for (int i = 0; i < ROUNDS; i++) {
            for (PciQueue queue : queues) {
                queue.notifyDevice(0x8001_0000);
                queue.await(0);
                queue.wakeup();
                queue.awaitWakeup(0);
            }
        }
    }

    @Test
    void whoPollsLooksAgainSoonAndSleepsWhereNothingCanCome() throws Exception {
        PolledWait wait = new PolledWait();
        wait.await(0);
        long start = System.nanoTime();
        for (int i = 0; i < 10; i++) {
            assertThat(wait.await(HOUR)).as("has the caller look").isTrue();
        }
        assertThat(System.nanoTime() - start).as("naps, each longer than the one before").isGreaterThan(1_000_000);
        CompletableFuture<Boolean> sleeper = CompletableFuture.supplyAsync(() -> wait.awaitWakeup(HOUR));
        wait.wakeup();
        assertThat(sleeper.get(30, TimeUnit.SECONDS)).isTrue();
        assertThat(wait.awaitWakeup(1)).as("taken").isFalse();
    }

    @Test
    void aWakeupBeforeTheWaitEndsIt() {
        PolledWait wait = new PolledWait();
        wait.wakeup();
        assertThat(wait.awaitWakeup(HOUR)).isTrue();
    }

    @Test
    void anInterruptedThreadSleepsAllTheSameAndKeepsItsInterrupt() throws Exception {
        PolledWait wait = new PolledWait();
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        Thread sleeper = new Thread(() -> {
            wait.awaitWakeup(HOUR);
            interrupted.complete(Thread.currentThread().isInterrupted());
        });
        sleeper.start();
        sleeper.interrupt();
        while (sleeper.getState() != Thread.State.TIMED_WAITING) {
            LockSupport.parkNanos(50_000);
        }
        wait.wakeup();
        assertThat(interrupted.get(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void closingEndsTheWaitAndAllLaterOnes() throws Exception {
        for (UsedWait wait : new UsedWait[] {new PolledWait(), new EventFdWait(EventFd.create(), true)}) {
            CompletableFuture<Boolean> sleeper = CompletableFuture.supplyAsync(() -> wait.awaitWakeup(HOUR));
            wait.close();
            sleeper.get(30, TimeUnit.SECONDS);
            assertThat(wait.await(HOUR)).isFalse();
            assertThat(wait.awaitWakeup(HOUR)).isFalse();
        }
    }
}
