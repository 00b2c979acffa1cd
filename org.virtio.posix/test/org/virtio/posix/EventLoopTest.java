// SPDX-License-Identifier: Apache-2.0
package org.virtio.posix;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoLeaks.class)
class EventLoopTest {
    private final BlockingQueue<String> done = new LinkedBlockingQueue<>();
    private EventLoop loop;
    private EventFd signal;

    @BeforeEach
    void start() throws PosixException {
        loop = EventLoop.start("loop");
        signal = EventFd.create();
    }

    @AfterEach
    void end() {
        loop.close();
        signal.close();
    }

    private void assertNext(String what) throws InterruptedException {
        assertThat(done.poll(20, TimeUnit.SECONDS)).isEqualTo(what);
    }

    @Test
    void watchersAndTasksRunOnItsThread() throws Exception {
        loop.watch(signal.fd(), Epoll.IN, ready -> {
            signal.drain();
            done.add("watcher on " + Thread.currentThread().getName());
        });
        signal.signal();
        assertNext("watcher on loop");
        loop.execute(() -> done.add("task on " + Thread.currentThread().getName()));
        assertNext("task on loop");
    }

    /** The second is what HotSpot makes of an access to memory that was mapped and is gone. */
    @ParameterizedTest
    @ValueSource(classes = {IllegalStateException.class, InternalError.class})
    void outlivesWhatItsWatchersAndTasksThrow(Class<? extends Throwable> thrown) throws Exception {
        loop.watch(signal.fd(), Epoll.IN, ready -> {
            signal.drain();
            done.add("watcher");
            raise(thrown);
        });
        signal.signal();
        assertNext("watcher");
        loop.execute(() -> raise(thrown));
        loop.execute(() -> done.add("task"));
        assertNext("task");
        signal.signal();
        assertNext("watcher");
    }

    private static void raise(Class<? extends Throwable> thrown) {
        if (thrown == InternalError.class) {
            throw new InternalError("a fault occurred in an unsafe memory access operation");
        }
        throw new IllegalStateException("trouble");
    }
}
