// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.backend;

import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.posix.EventFd;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.PosixException;
import org.virtio.spec.Feature;
import org.virtio.target.queue.DeviceQueue;
import org.virtio.target.queue.QueueException;
import org.virtio.target.queue.QueueThread;
import org.virtio.target.queue.RingAddresses;
import org.virtio.target.queue.SplitInflight;
import org.virtio.user.message.VringAddress;

/**
 * One queue as the front end sets it up. It runs when it has everything: size, addresses, a kick, and leave to run; whatever
 * changes meanwhile, it is paused for. Used by the session's thread, except that the queue's thread says when it is broken.
 *
 * <p>The document lets a ring start with the first kick. It starts here when the kick's eventfd is set, as it does in other
 * back ends, so that what was made available before is not forgotten.
 */
final class Vring {
    private static final Logger LOG = LoggerFactory.getLogger(Vring.class);
    private static final int MAX_INDEX = 0xffff;

    private final SessionContext context;
    private final int index;
    private final String name;
    private int size;
    private VringAddress addresses;
    private int base;
    private EventFd kick;
    private boolean started;
    private EventFd call;
    private volatile EventFd error;
    private boolean enabled;
    private DeviceQueue queue;
    /** Of the ring from its first run to its end; null if it is not written down what is in flight. */
    private SplitInflight inflight;
    private QueueThread thread;
    private volatile boolean broken;

    Vring(SessionContext context, int index) {
        this.context = context;
        this.index = index;
        this.name = context.name() + " queue " + index;
    }

    /** Whether the driver broke the queue. */
    boolean isBroken() {
        return broken;
    }

    /**
     * What the ring has written down, in other memory as well. It does not run.
     *
     * @return null if it writes nothing down
     */
    SplitInflight copyInflight(InflightMemory memory) throws RefusedException {
        if (inflight == null) {
            return null;
        }
        try {
            SplitInflight copy = memory.queue(index, size);
            copy.takeOver(inflight);
            return copy;
        } catch (QueueException e) {
            throw new RefusedException(e.getMessage(), e);
        }
    }

    /** Where the ring writes down from now on. It does not run. */
    void setInflight(SplitInflight newInflight) {
        inflight = newInflight;
    }

    void setSize(int newSize) throws RefusedException {
        try {
            size = RingAddresses.checkSize(newSize, context.features());
        } catch (IllegalArgumentException e) {
            throw new RefusedException(e.getMessage(), e);
        }
    }

    void setAddresses(VringAddress newAddresses) {
        addresses = newAddresses;
    }

    /** A packed ring uses all bits: two places in the ring, which are checked when the size is known. */
    void setBase(int newBase) throws RefusedException {
        if (!context.features().contains(Feature.RING_PACKED) && (newBase < 0 || newBase > MAX_INDEX)) {
            throw new RefusedException("available index " + Integer.toUnsignedString(newBase) + " is above " + MAX_INDEX);
        }
        base = newBase;
    }

    void setEnabled(boolean newEnabled) {
        enabled = newEnabled;
    }

    /** Starts the ring; with null it is polled. */
    void setKick(FileDescriptor fd) throws RefusedException {
        EventFd old = kick;
        kick = adopt(fd);
        close(old);
        started = true;
    }

    /** With null the driver polls. */
    void setCall(FileDescriptor fd) throws RefusedException {
        EventFd old = call;
        call = adopt(fd);
        close(old);
    }

    /** With null nobody wants to know. */
    void setError(FileDescriptor fd) throws RefusedException {
        EventFd old = error;
        error = adopt(fd);
        close(old);
    }

    private static EventFd adopt(FileDescriptor fd) throws RefusedException {
        if (fd == null) {
            return null;
        }
        try {
            return EventFd.adopt(fd);
        } catch (PosixException e) {
            fd.close();
            throw new RefusedException("no eventfd: " + e.getMessage(), e);
        }
    }

    private static void close(EventFd eventFd) {
        if (eventFd != null) {
            eventFd.close();
        }
    }

    /**
     * Lets the queue's thread finish what it does and end.
     *
     * @throws IOException if it does not end
     */
    void pause() throws IOException {
        if (thread == null) {
            return;
        }
        QueueThread stopping = thread;
        thread = null;
        if (!stopping.stop()) {
            throw new IOException(name + " has a request that does not end");
        }
        base = queue.base();
    }

    /**
     * Runs the queue if it has everything that it needs. After a pause the driver is notified, needed or not: it may have
     * set another eventfd because it missed one.
     */
    void resume() {
        boolean mayRun = enabled || !context.features().contains(Feature.VHOST_USER_PROTOCOL_FEATURES);
        if (!started || !mayRun || size == 0 || addresses == null || broken || thread != null) {
            return;
        }
        boolean again = queue != null;
        try {
            RingAddresses rings = new RingAddresses(size, addresses.descriptor(), addresses.available(), addresses.used(),
                context.features());
            if (!again) {
                inflight = context.inflight(index, size);
            }
            queue = new DeviceQueue(context.memory(), rings, base, inflight, context.device(), context.faults(), call,
                context.requests());
            thread = QueueThread.start("virtio-target " + name, queue, kick, context.spinNanos(), this::fail);
        } catch (QueueException | IOException | IllegalArgumentException e) {
            fail(e);
        }
        if (again && call != null) {
            call.signal();
        }
    }

    /** Called by the queue's thread or before there is one. */
    private void fail(Throwable reason) {
        broken = true;
        EventFd listener = error;
        if (listener != null) {
            listener.signal();
        }
        if (reason instanceof QueueException) {
            LOG.warn("Target {} is broken: {}", name, reason.getMessage());
        } else {
            LOG.warn("Target {} is broken", name, reason);
        }
    }

    /**
     * Stops the ring until another kick is set. What is in flight then has stalled, and no later back end is to find it.
     *
     * @return where the queue goes on; see {@link DeviceQueue#base()}
     * @throws IOException if the queue's thread does not end
     */
    int stop() throws IOException {
        int result = end();
        if (inflight != null) {
            inflight.forget();
            inflight = null;
        }
        return result;
    }

    private int end() throws IOException {
        pause();
        queue = null;
        started = false;
        broken = false;
        close(kick);
        kick = null;
        return base;
    }

    /**
     * Ends the ring and gives the eventfds back; a thread that does not end reaches nobody's memory any more. The next back
     * end finds what is in flight.
     */
    void close() {
        try {
            end();
        } catch (IOException e) {
            LOG.error("Target {} leaves a thread behind: {}", name, e.getMessage());
        }
        close(kick);
        close(call);
        close(error);
    }
}
