// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.function.Consumer;
import org.virtio.posix.Epoll;
import org.virtio.posix.EventLoop;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.PosixException;
import org.virtio.posix.UnixSocket;
import org.virtio.user.message.BackEndRequest;
import org.virtio.user.message.Message;
import org.virtio.user.message.MessageChannel;
import org.virtio.user.message.ProtocolException;

/**
 * The socket on which a back end makes requests of its own. All work is done on the event loop's thread, and nothing there
 * waits for the back end: what has come of a message is kept until the rest is there, and an answer is sent once the socket
 * has room for it, before which no further request is taken.
 */
final class BackEndRequests implements EventLoop.Watcher, AutoCloseable {
    private final EventLoop events;
    private final MessageChannel channel;
    private final Runnable configurationChanged;
    private final Consumer<String> broken;
    /** The answer that waits for room, or null. */
    private Message answer;
    private boolean changed;
    private boolean closed;

    private BackEndRequests(EventLoop events, MessageChannel channel, Runnable configurationChanged, Consumer<String> broken) {
        this.events = events;
        this.channel = channel;
        this.configurationChanged = configurationChanged;
        this.broken = broken;
    }

    /** Hands over the back end's end of a connection. */
    @FunctionalInterface
    interface Handover {
        void give(FileDescriptor lent) throws IOException;
    }

    /**
     * Makes a connection and gives one end of it to the back end.
     *
     * @param configurationChanged called when the back end says so, after it was answered
     * @param broken               told what was wrong when the back end breaks the protocol
     */
    static BackEndRequests open(EventLoop events, Handover handover, Runnable configurationChanged, Consumer<String> broken)
        throws IOException {
        UnixSocket[] pair = UnixSocket.pair();
        BackEndRequests requests = new BackEndRequests(events, new MessageChannel(pair[0]), configurationChanged, broken);
        // Only the descriptor: closing the socket would cut the back end's duplicate off.
        try (FileDescriptor theirs = pair[1].fd()) {
            handover.give(theirs);
            events.watch(pair[0].fd(), Epoll.IN, requests);
            return requests;
        } catch (IOException e) {
            requests.close();
            throw e;
        }
    }

    @Override
    public void ready(int ready) {
        try {
            if (answer == null) {
                receive();
            } else {
                send();
            }
            if (answer == null && changed) {
                changed = false;
                configurationChanged.run();
            }
        } catch (SocketTimeoutException e) {
            // The rest of the message is still to come.
            return;
        } catch (ProtocolException e) {
            close();
            broken.accept("the back end broke the protocol with a request of its own: " + e.getMessage());
        } catch (IOException e) {
            // It is gone, or this end is closed; the connection itself tells of what matters.
            close();
        }
    }

    private void receive() throws IOException {
        try (Message message = channel.receive(0)) {
            if (message == null) {
                close();
                return;
            }
            // One from a later version of the protocol is no reason to give up: it is refused.
            boolean known = BackEndRequest.find(message.id()) != null;
            changed = known && message.backEndRequest() == BackEndRequest.CONFIG_CHANGE_MSG;
            if (message.needsReply()) {
                answer = message.acknowledgement(changed);
                watchFor(Epoll.OUT);
            }
        }
    }

    /** The kernel reports room only when a quarter of the buffer or less is in use, so a message this short does not block. */
    private void send() throws PosixException {
        channel.send(answer);
        answer = null;
        watchFor(Epoll.IN);
    }

    /** Locked, since another thread may close this meanwhile, and what is not watched cannot be changed. */
    private synchronized void watchFor(int wanted) throws PosixException {
        if (!closed) {
            events.change(channel.socket().fd(), wanted);
        }
    }

    /** Closes the connection. Any thread; closing again does nothing. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            events.unwatch(channel.socket().fd());
        }
        channel.close();
    }
}
