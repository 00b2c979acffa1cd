// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import org.virtio.device.VirtioException;
import org.virtio.posix.EventFd;
import org.virtio.posix.PosixException;
import org.virtio.transport.QueueNotifier;
import org.virtio.transport.QueueSetup;
import org.virtio.user.message.FrontEndRequest;
import org.virtio.user.message.Message;
import org.virtio.user.message.VringAddress;
import org.virtio.user.message.VringState;

/** A queue as it was set up, with its eventfds: one by which the device is notified, one by which the driver is. */
final class Queue implements QueueNotifier, AutoCloseable {
    private final QueueSetup setup;
    private final EventFd kick;
    private final EventFd call;

    private Queue(QueueSetup setup, EventFd kick, EventFd call) {
        this.setup = setup;
        this.kick = kick;
        this.call = call;
    }

    static Queue create(QueueSetup setup) throws VirtioException {
        EventFd kick = null;
        try {
            kick = EventFd.create();
            return new Queue(setup, kick, EventFd.create());
        } catch (PosixException e) {
            if (kick != null) {
                kick.close();
            }
            throw new VirtioException("no eventfd for queue " + setup.index() + ": " + e.getMessage(), e);
        }
    }

    /** Tells the back end of the queue, which starts it. */
    void start(Connection connection, boolean enable) throws VirtioException {
        int index = setup.index();
        connection.tell(Message.of(FrontEndRequest.SET_VRING_NUM, new VringState(index, setup.size())));
        connection.tell(Message.of(FrontEndRequest.SET_VRING_BASE, new VringState(index, 0)));
        connection.tell(Message.of(FrontEndRequest.SET_VRING_ADDR, new VringAddress(index, 0, setup.descriptorArea(),
            setup.deviceArea(), setup.driverArea(), 0)));
        connection.tell(Message.of(FrontEndRequest.SET_VRING_CALL, index), call.fd());
        connection.tell(Message.of(FrontEndRequest.SET_VRING_KICK, index), kick.fd());
        if (enable) {
            connection.tell(Message.of(FrontEndRequest.SET_VRING_ENABLE, new VringState(index, 1)));
        }
        connection.confirm();
    }

    /** Has the back end stop the queue, also one that was started in part. */
    void stop(Connection connection, boolean disable) throws VirtioException {
        int index = setup.index();
        if (disable) {
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
