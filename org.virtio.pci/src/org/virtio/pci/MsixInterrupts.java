// SPDX-License-Identifier: Apache-2.0
package org.virtio.pci;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.device.VirtioException;
import org.virtio.pci.access.PciFunction;
import org.virtio.posix.Epoll;
import org.virtio.posix.EventFd;
import org.virtio.posix.EventLoop;

/**
 * MSI-X: vector 0 for configuration changes and one for each queue, whose owner waits for it without a thread in between. If
 * the function has too few for that, one for all queues; if it has but one, that is for everything.
 */
final class MsixInterrupts implements Interrupts {
    private static final Logger LOG = LoggerFactory.getLogger(MsixInterrupts.class);
    private static final int CONFIGURATION = 0;

    private final PciFunction function;
    private final EventLoop loop;
    private final DeviceEvents events;
    private final List<EventFd> vectors = new ArrayList<>();
    private final SharedWaits shared = new SharedWaits();
    private final boolean perQueue;

    private MsixInterrupts(PciFunction function, EventLoop loop, DeviceEvents events, boolean perQueue) {
        this.function = function;
        this.loop = loop;
        this.events = events;
        this.perQueue = perQueue;
    }

    /**
     * Enables MSI-X on a function that has at least one vector.
     *
     * @param queues that are to be used
     */
    static MsixInterrupts enable(PciFunction function, int queues, EventLoop loop, DeviceEvents events) throws IOException {
        int shared = Math.min(2, function.vectors());
        if (function.vectors() <= queues) {
            return new MsixInterrupts(function, loop, events, false).enabled(shared);
        }
        try {
            return new MsixInterrupts(function, loop, events, true).enabled(1 + queues);
        } catch (IOException e) {
            // The function has so many, but the host may not.
            LOG.info("There are not {} MSI-X vectors to be had, so that all queues share one: {}", 1 + queues, e.getMessage());
            return new MsixInterrupts(function, loop, events, false).enabled(shared);
        }
    }

    private MsixInterrupts enabled(int count) throws IOException {
        try {
            enable(count);
            return this;
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    private void enable(int count) throws IOException {
        for (int i = 0; i < count; i++) {
            vectors.add(EventFd.create());
        }
        function.enableVectors(vectors);
        // One vector for everything cannot tell what it is about.
        watch(CONFIGURATION, count == 1 ? this::anything : events::configurationChanged);
        if (!perQueue && count > 1) {
            watch(1, shared::wakeAll);
        }
    }

    private void watch(int vector, Runnable action) throws IOException {
        EventFd signal = vectors.get(vector);
        loop.watch(signal.fd(), Epoll.IN, ready -> {
            if (signal.drain()) {
                action.run();
            }
        });
    }

    private void anything() {
        shared.wakeAll();
        events.configurationMayHaveChanged();
    }

    @Override
    public int configurationVector() {
        return CONFIGURATION;
    }

    @Override
    public int queueVector(int index) {
        return perQueue ? 1 + index : vectors.size() - 1;
    }

    @Override
    public UsedWait queue(int index) throws VirtioException {
        return perQueue ? new EventFdWait(vectors.get(1 + index), false) : shared.add();
    }

    @Override
    public void close() {
        vectors.forEach(vector -> loop.unwatch(vector.fd()));
        try {
            function.disableInterrupts();
        } catch (IOException e) {
            LOG.debug("MSI-X could not be disabled", e);
        }
        shared.closeAll();
        vectors.forEach(vector -> {
            // First, since closing alone does not end a wait.
            vector.signal();
            vector.close();
        });
    }

    @Override
    public String toString() {
        return "MSI-X, " + vectors.size() + (vectors.size() == 1 ? " vector" : " vectors");
    }
}
