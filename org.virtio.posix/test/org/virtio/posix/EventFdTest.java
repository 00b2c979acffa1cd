// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EventFdTest {
    private static final int F_SETFL = 4;

    @Test
    void drainTakesAllSignalsAtOnce() throws Exception {
        try (EventFd event = EventFd.create()) {
            assertThat(event.drain()).isFalse();
            event.signal();
            event.signal();
            assertThat(event.drain()).isTrue();
            assertThat(event.drain()).isFalse();
            assertThat(Kernel.isCloseOnExec(event.fd().intValue())).isTrue();
        }
    }

    @Test
    void awaitTakesTheSignal() throws Exception {
        try (EventFd event = EventFd.create()) {
            event.signal();
            assertThat(event.await(0)).isTrue();
            assertThat(event.await(0)).isFalse();
            assertThat(event.await(1)).isFalse();
        }
    }

    @Test
    void signalEndsAWaitWithoutLimit() throws Exception {
        try (EventFd event = EventFd.create()) {
            CompletableFuture<Boolean> waiter = BlockedCall.start("poll", () -> event.await(-1));
            assertThat(waiter).isNotDone();
            event.signal();
            assertThat(waiter.get()).isTrue();
        }
    }

    @Test
    void signalDoesNotWaitForRoomInTheCounter() throws Exception {
        try (EventFd event = EventFd.create()) {
            fill(event.fd());
            event.signal();
            event.signal();
            assertThat(event.drain()).isTrue();
        }
    }

    @Test
    void adoptedOneDoesNotBlock() throws Exception {
        FileDescriptor blocking = FileDescriptor.adopt(LibC.libc().eventfd(0, 0));
        try (EventFd event = EventFd.adopt(blocking)) {
            assertThat(event.drain()).isFalse();
            event.signal();
            assertThat(event.drain()).isTrue();
        }
        assertThat(blocking.isOpen()).isFalse();
    }

    @Test
    void doesNothingWhenClosed() throws Exception {
        EventFd event = EventFd.create();
        event.close();
        event.close();
        event.signal();
        assertThat(event.drain()).isFalse();
        assertThatIllegalStateException().isThrownBy(() -> event.await(0));
    }

    private static void fill(FileDescriptor event) {
        ByteBuffer largest = LibC.allocate(8).putLong(0, -2);
        assertThat(LibC.libc().write(event.intValue(), LibC.address(largest), 8)).isEqualTo(8);
        Reference.reachabilityFence(largest);
    }

    @Test
    void closeLeavesTheNumberToASignalThatIsUnderWay() throws Exception {
        EventFd event = EventFd.create();
        int number = event.fd().intValue();
        try (EventFd other = EventFd.adopt(event.fd().duplicate())) {
            fill(event.fd());
            assertThat(LibC.libc().fcntl(number, F_SETFL, 0)).as("blocking, so that the signal waits").isZero();
            Future<?> signal = BlockedCall.start("write", () -> {
                event.signal();
                return null;
            });
            assertThat(signal.isDone()).isFalse();
            event.close();
            assertThat(Kernel.isOpen(number)).isTrue();
            assertThat(other.drain()).isTrue();
            signal.get();
            assertThat(Kernel.isOpen(number)).isFalse();
            assertThat(other.drain()).isTrue();
        }
    }

    @Test
    void signalNeverReachesTheNextOwnerOfTheNumber() throws Exception {
        AtomicReference<EventFd> current = new AtomicReference<>(EventFd.create());
        Thread signaller = new Thread(() -> {
            for (EventFd event = current.get(); event != null; event = current.get()) {
                event.signal();
            }
        });
        signaller.start();
        try {
            for (int i = 0; i < 20_000; i++) {
                EventFd closed = current.get();
                closed.close();
                try (EventFd next = EventFd.create()) {
                    assertThat(next.drain()).as("signal of the closed one").isFalse();
                }
                current.set(EventFd.create());
            }
        } finally {
            current.getAndSet(null).close();
            signaller.join();
        }
    }

    @Test
    void allocatesNothing() throws Exception {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (EventFd event = EventFd.create()) {
            signalAndDrain(event, 20_000);
            long before = threads.getCurrentThreadAllocatedBytes();
            signalAndDrain(event, 20_000);
            assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(20_000);
        }
    }

    private static void signalAndDrain(EventFd event, int times) {
        for (int i = 0; i < times; i++) {
            event.signal();
            event.drain();
            event.drain();
        }
    }
}
