// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.virtio.device.VirtioException;
import org.virtio.posix.EventFd;
import org.virtio.posix.PosixException;
import org.virtio.spec.SplitRingLayout;
import org.virtio.transport.QueueNotifier;
import org.virtio.transport.QueueSetup;
import org.virtio.user.message.FrontEndRequest;
import org.virtio.user.message.Message;
import org.virtio.user.message.VringAddress;
import org.virtio.user.message.VringState;

/** A queue as it was set up, with its eventfds: one by which the device is notified, one by which the driver is. */
final class Queue implements QueueNotifier, AutoCloseable {
    private static final VarHandle INDEX = MethodHandles.byteBufferViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long DRAIN_STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    /**
     * Bits 0 to 14 say where the next available descriptor is and bits 16 to 30 where the next used one goes, each followed by
     * its wrap counter, which begins as 1 (VIRTIO 1.3, section 2.8.1). Back ends that take 16 bits find all that they need.
     */
    private static final int PACKED_BASE = 0x8000_8000;

    private final QueueSetup setup;
    private final Format format;
    private final EventFd kick;
    private final EventFd call;
    /** Whether the back end was told of it, if only in part. */
    private boolean told;

    /**
     * How the back end is to be told of queues.
     *
     * @param enables whether queues begin disabled and have to be enabled
     * @param packed  whether RING_PACKED was negotiated
     */
    record Format(boolean enables, boolean packed) {
    }

    private Queue(QueueSetup setup, Format format, EventFd kick, EventFd call) {
        this.setup = setup;
        this.format = format;
        this.kick = kick;
        this.call = call;
    }

    static Queue create(QueueSetup setup, Format format) throws VirtioException {
        EventFd kick = null;
        try {
            kick = EventFd.create();
            return new Queue(setup, format, kick, EventFd.create());
        } catch (PosixException e) {
            if (kick != null) {
                kick.close();
            }
            throw new VirtioException("no eventfd for queue " + setup.index() + ": " + e.getMessage(), e);
        }
    }

    int index() {
        return setup.index();
    }

    /**
     * Tells the back end of the queue, which starts it.
     *
     * @param base where it goes on: for an empty ring {@link #emptyBase()}
     */
    void start(Connection connection, int base) throws VirtioException {
        int index = setup.index();
        told = true;
        connection.tell(Message.of(FrontEndRequest.SET_VRING_NUM, new VringState(index, setup.size())));
        connection.tell(Message.of(FrontEndRequest.SET_VRING_BASE, new VringState(index, base)));
        connection.tell(Message.of(FrontEndRequest.SET_VRING_ADDR, new VringAddress(index, 0, setup.descriptorArea(),
            setup.deviceArea(), setup.driverArea(), 0)));
        connection.tell(Message.of(FrontEndRequest.SET_VRING_CALL, index), call.fd());
        connection.tell(Message.of(FrontEndRequest.SET_VRING_KICK, index), kick.fd());
        if (format.enables()) {
            connection.tell(Message.of(FrontEndRequest.SET_VRING_ENABLE, new VringState(index, 1)));
        }
        connection.confirm();
    }

    /** Whether the back end was told of it, if only in part: else there is nothing to be stopped. */
    boolean isTold() {
        return told;
    }

    /** Where the back end begins in an empty ring. */
    int emptyBase() {
        return format.packed() ? PACKED_BASE : 0;
    }

    /**
     * Where a back end goes on in a split ring that its predecessor left: after what that had used. It leaves out what is noted
     * as in flight by itself.
     */
    int usedBase(MemoryRegions memory) throws VirtioException {
        ByteBuffer used = memory.find(setup.deviceArea() + SplitRingLayout.USED_IDX, Short.BYTES);
        if (used == null) {
            throw new VirtioException("queue " + setup.index() + " is not in the memory that was mapped");
        }
        return Short.toUnsignedInt((short) INDEX.getAcquire(used, 0));
    }

    /**
     * Gives the back end time to use the requests that it has, before it is told to stop. It should see to that itself, but
     * back ends built on libvhost-user answer at once, and write to the ring and to the buffers when the requests are done.
     * They know split rings alone: for a packed one this does nothing. An interrupt does not end the wait, and is kept for the
     * caller.
     *
     * @param end when to give up, as a {@link System#nanoTime()}
     * @return false if the back end, which may be slow or hung, has requests that it did not use by then
     */
    boolean drain(MemoryRegions memory, Connection connection, long end) throws VirtioException {
        ByteBuffer available = memory.find(setup.driverArea() + SplitRingLayout.AVAILABLE_IDX, Short.BYTES);
        ByteBuffer used = memory.find(setup.deviceArea() + SplitRingLayout.USED_IDX, Short.BYTES);
        if (format.packed() || available == null || used == null) {
            return true;
        }
        boolean interrupted = false;
        try {
            while ((short) INDEX.getAcquire(used, 0) != (short) INDEX.getAcquire(available, 0)) {
                if (System.nanoTime() - end >= 0) {
                    return false;
                }
                connection.check();
                // Again and again, since it costs little: the driver may have left it out after its last request.
                kick.signal();
                LockSupport.parkNanos(DRAIN_STEP_NANOS);
                // A thread that is interrupted does not park: left as it is, this would spin and kick.
                interrupted |= Thread.interrupted();
            }
            return true;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Has the back end stop the queue, also one that was started in part. The protocol demands that it touches neither the ring
     * nor the buffers once it has answered; for those back ends that do all the same there is {@link #drain}. Where it
     * stopped does not matter, since a queue that was stopped starts empty.
     */
    void stop(Connection connection) throws VirtioException {
        int index = setup.index();
        if (format.enables()) {
            connection.tell(Message.of(FrontEndRequest.SET_VRING_ENABLE, new VringState(index, 0)));
        }
        VringState stopped =
            connection.ask(Message.of(FrontEndRequest.GET_VRING_BASE, new VringState(index, 0))).vringState();
        if (stopped.index() != index) {
            throw connection.fail("the back end broke the protocol: the reply to GET_VRING_BASE is about queue "
                + Integer.toUnsignedString(stopped.index()) + "; expected " + index);
        }
    }

    @Override
    public void notifyDevice(int data) {
        kick.signal();
    }

    @Override
    public boolean await(long timeoutNanos) {
        try {
            return call.fd().isOpen() && call.await(timeoutNanos);
        } catch (PosixException | IllegalStateException e) {
            // Closed since it was looked at; or poll failed, and a wait may end early.
            return false;
        }
    }

    @Override
    public void wakeup() {
        call.signal();
    }

    /** Closes the eventfds, and ends an {@link #await}. Closing again does nothing. */
    @Override
    public void close() {
        kick.close();
        // First, since closing alone does not end a wait.
        call.signal();
        call.close();
    }

    @Override
    public String toString() {
        return setup.index() + ": " + setup.size() + " descriptors";
    }
}
