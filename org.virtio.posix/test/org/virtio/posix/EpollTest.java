// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EpollTest {
    private Epoll epoll;
    private EventFd first;
    private EventFd second;
    private final Map<Object, Integer> reported = new HashMap<>();

    @BeforeEach
    void open() throws Exception {
        epoll = Epoll.create();
        first = EventFd.create();
        second = EventFd.create();
    }

    @AfterEach
    void close() {
        epoll.close();
        first.close();
        second.close();
    }

    private Map<Object, Integer> poll() throws Exception {
        reported.clear();
        assertThat(epoll.wait(0, reported::put)).isEqualTo(reported.size());
        return reported;
    }

    @Test
    void reportsWhatIsReadyUntilItIsDealtWith() throws Exception {
        epoll.add(first.fd(), Epoll.IN, "first");
        epoll.add(second.fd(), Epoll.IN | Epoll.OUT, "second");
        assertThat(poll()).containsOnly(Map.entry("second", Epoll.OUT));
        first.signal();
        second.signal();
        assertThat(poll()).containsOnly(Map.entry("first", Epoll.IN), Map.entry("second", Epoll.IN | Epoll.OUT));
        assertThat(poll()).hasSize(2);
        first.drain();
        assertThat(poll()).containsOnlyKeys("second");
    }

    @Test
    void modifyChangesWhatIsWanted() throws Exception {
        epoll.add(first.fd(), Epoll.IN, "first");
        epoll.modify(first.fd(), Epoll.OUT);
        assertThat(poll()).containsOnly(Map.entry("first", Epoll.OUT));
        assertThatIllegalArgumentException().isThrownBy(() -> epoll.modify(second.fd(), Epoll.IN));
    }

    @Test
    void removedOneIsNotReported() throws Exception {
        epoll.add(first.fd(), Epoll.OUT, "first");
        epoll.add(second.fd(), Epoll.OUT, "second");
        epoll.remove(first.fd());
        epoll.remove(first.fd());
        assertThat(poll()).containsOnlyKeys("second");
        epoll.add(first.fd(), Epoll.OUT, "again");
        assertThat(poll()).containsOnlyKeys("second", "again");
    }

    @Test
    void handlerMayRemoveWhatIsStillToBeReported() throws Exception {
        Map<String, EventFd> others = Map.of("first", second, "second", first);
        epoll.add(first.fd(), Epoll.OUT, "first");
        epoll.add(second.fd(), Epoll.OUT, "second");
        List<Object> tokens = new ArrayList<>();
        int count = epoll.wait(0, (token, events) -> {
            tokens.add(token);
            replace(others.get(token).fd());
        });
        assertThat(count).isEqualTo(1);
        assertThat(tokens).hasSize(1);
        assertThat(poll()).containsKey("replacement");
    }

    private void replace(FileDescriptor fd) {
        try {
            epoll.remove(fd);
            epoll.add(fd, Epoll.OUT, "replacement");
        } catch (PosixException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void closedOneCanStillBeRemoved() throws Exception {
        epoll.add(first.fd(), Epoll.OUT, "first");
        first.close();
        epoll.remove(first.fd());
        assertThat(poll()).isEmpty();
    }

    @Test
    void failedAddLeavesNothingBehind() throws Exception {
        epoll.add(first.fd(), Epoll.OUT, "first");
        assertThatExceptionOfType(PosixException.class).isThrownBy(() -> epoll.add(first.fd(), Epoll.OUT, "twice"))
                .satisfies(e -> assertThat(e.errnoName()).isEqualTo("EEXIST"));
        epoll.modify(first.fd(), Epoll.OUT | Epoll.IN);
        assertThat(poll()).containsOnlyKeys("first");
        second.close();
        assertThatIllegalStateException().isThrownBy(() -> epoll.add(second.fd(), Epoll.IN, "closed"));
        assertThatIllegalArgumentException().isThrownBy(() -> epoll.modify(second.fd(), Epoll.IN));
    }

    @Test
    void tellsThatThePeerHungUp() throws Exception {
        UnixSocket[] pair = UnixSocket.pair();
        try (UnixSocket here = pair[0]) {
            epoll.add(here.fd(), Epoll.IN | Epoll.RDHUP, "socket");
            assertThat(poll()).isEmpty();
            pair[1].close();
            assertThat(poll()).containsOnly(Map.entry("socket", Epoll.IN | Epoll.HUP | Epoll.RDHUP));
            epoll.remove(here.fd());
        } finally {
            pair[1].close();
        }
    }

    @Test
    void wakeupEndsOneWait() throws Exception {
        epoll.wakeup();
        epoll.wakeup();
        assertThat(epoll.wait(-1, reported::put)).isZero();
        CompletableFuture<Integer> waiter = BlockedCall.start("epoll_wait", () -> epoll.wait(-1, reported::put));
        assertThat(waiter).isNotDone();
        epoll.wakeup();
        assertThat(waiter.get()).isZero();
        assertThat(reported).isEmpty();
    }

    @Test
    void closeEndsAWait() throws Exception {
        CompletableFuture<Integer> waiter = BlockedCall.start("epoll_wait", () -> epoll.wait(-1, reported::put));
        assertThat(waiter).isNotDone();
        epoll.close();
        assertThat(waiter.get()).isZero();
        assertThatIllegalStateException().isThrownBy(() -> epoll.wait(0, reported::put));
        epoll.wakeup();
        epoll.close();
    }

    @Test
    void oneThreadAtATimeWaits() throws Exception {
        epoll.add(first.fd(), Epoll.OUT, "first");
        List<Throwable> failures = new ArrayList<>();
        epoll.wait(0, (token, events) -> failures.add(catchThrowable(this::poll)));
        assertThat(failures).hasSize(1).first().isInstanceOf(IllegalStateException.class);
        assertThat(poll()).hasSize(1);
    }

    @Test
    void whatTheHandlerThrowsComesOutAndNothingIsLost() throws Exception {
        epoll.add(first.fd(), Epoll.OUT, "first");
        epoll.add(second.fd(), Epoll.OUT, "second");
        assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(() -> epoll.wait(0, (token, events) -> {
            throw new UnsupportedOperationException();
        }));
        assertThat(poll()).containsOnlyKeys("first", "second");
    }

    @Test
    void waitingAllocatesNothing() throws Exception {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        epoll.add(first.fd(), Epoll.OUT, "first");
        long[] count = new long[1];
        Epoll.Handler handler = (token, events) -> count[0] += events;
        waitOften(handler);
        long before = threads.getCurrentThreadAllocatedBytes();
        waitOften(handler);
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(20_000);
        assertThat(count[0]).isEqualTo(2L * 20_000 * Epoll.OUT);
    }

    private void waitOften(Epoll.Handler handler) throws Exception {
        for (int i = 0; i < 20_000; i++) {
            epoll.wait(0, handler);
        }
    }
}
