// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.virtio.device.VirtioException;
import org.virtio.posix.Errno;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.PosixException;
import org.virtio.user.message.FrontEndRequest;
import org.virtio.user.message.Message;
import org.virtio.user.message.MessageChannel;
import org.virtio.user.message.ProtocolException;
import org.virtio.user.message.Request;

/**
 * The connection over which the front end makes its requests, one at a time. Thread-safe.
 *
 * <p>It fails once, for the first reason that there is; the socket is closed then, and all requests throw.
 *
 * <p>A back end that does not read could block a sender for good, once the socket's buffer is full. No more than the few
 * messages between two replies are ever in that buffer: {@link #confirm()} belongs after each such group.
 */
final class Connection implements AutoCloseable {
    /** A back end that was started an instant ago may not accept connections yet, and everything that it needs is cold. */
    private static final int FIRST_ANSWER_PATIENCE = 6;
    private static final String HUNG_UP = "the back end closed the connection";

    private final MessageChannel channel;
    private final long replyTimeoutNanos;
    private final Consumer<String> failureHandler;
    private final ReentrantLock exchange = new ReentrantLock();
    private final AtomicReference<String> end = new AtomicReference<>();
    private volatile boolean hungUp;
    private volatile boolean acknowledged;
    /** Guarded by the lock. */
    private long patienceNanos;

    /**
     * Takes a channel over.
     *
     * @param replyTimeoutNanos how long an answer may take; the first may take six times as long
     * @param failureHandler told once why the connection failed, on the thread that finds out, which may hold locks
     */
    Connection(MessageChannel channel, long replyTimeoutNanos, Consumer<String> failureHandler) {
        this.channel = channel;
        this.replyTimeoutNanos = replyTimeoutNanos;
        this.failureHandler = failureHandler;
        this.patienceNanos = FIRST_ANSWER_PATIENCE * replyTimeoutNanos;
    }

    /** From now on, asks for an answer to every request that has no reply of its own: REPLY_ACK was negotiated. */
    void acknowledgeAll() {
        acknowledged = true;
    }

    /**
     * Makes a request that has no reply of its own.
     *
     * @param lent file descriptors that go with it; they stay the caller's
     * @throws VirtioException if the back end refuses it, or the connection has failed
     */
    void tell(Message message, FileDescriptor... lent) throws VirtioException {
        if (!acknowledged) {
            exchange(message, false, lent);
            return;
        }
        long answer = exchange(message.withNeedReply(), true, lent).u64();
        if (answer != 0) {
            throw new VirtioException("the back end refused " + FrontEndRequest.find(message.id()) + " (it answered "
                + Long.toUnsignedString(answer) + ")");
        }
    }

    /**
     * Checks that the connection stands.
     *
     * @throws VirtioException with the reason why it does not
     */
    void check() throws VirtioException {
        if (end.get() != null) {
            throw new VirtioException(end.get());
        }
    }

    /** Makes sure that the back end has carried out all that it was told. */
    void confirm() throws VirtioException {
        if (!acknowledged) {
            askU64(FrontEndRequest.GET_FEATURES);
        }
    }

    /** Makes a request whose reply is a u64. */
    long askU64(FrontEndRequest request) throws VirtioException {
        return ask(Message.of(request)).u64();
    }

    /**
     * Makes a request that has a reply.
     *
     * @return the reply, which is a valid one; the file that comes with it, if the request's reply has one, is the caller's
     */
    Message ask(Message message) throws VirtioException {
        return exchange(message, true);
    }

    private Message exchange(Message message, boolean answered, FileDescriptor... lent) throws VirtioException {
        Request request = FrontEndRequest.find(message.id());
        exchange.lock();
        try {
            check();
            channel.send(message, lent);
            return answered ? receiveAnswer(request) : null;
        } catch (SocketTimeoutException e) {
            throw fail("the back end did not answer " + request.name() + " within "
                + TimeUnit.NANOSECONDS.toMillis(patienceNanos) + " ms" + howFarItCame());
        } catch (ProtocolException e) {
            throw fail("the back end broke the protocol: " + e.getMessage());
        } catch (PosixException e) {
            boolean gone = e.errno() == Errno.EPIPE || e.errno() == Errno.ECONNRESET;
            throw fail(gone ? HUNG_UP : request.name() + " failed: " + e.getMessage());
        } catch (VirtioException e) {
            throw e;
        } catch (IOException e) {
            throw fail(request.name() + " failed: " + e.getMessage());
        } finally {
            exchange.unlock();
            failIfHungUp();
        }
    }

    /** Where to look for the fault: a back end that reads nothing hangs, or has not accepted the connection. */
    private String howFarItCame() {
        try {
            return channel.isAllRead() ? " (it has read the request)" : " (it has not read the request)";
        } catch (PosixException | IllegalStateException e) {
            // Closed meanwhile, or not to be had.
            return "";
        }
    }

    private Message receiveAnswer(Request request) throws IOException {
        Message answer = channel.receive(patienceNanos);
        if (answer == null) {
            throw fail(HUNG_UP);
        }
        patienceNanos = replyTimeoutNanos;
        try {
            answer.checkAnswer(request);
            return answer;
        } catch (ProtocolException e) {
            answer.close();
            throw e;
        }
    }

    /**
     * Notes that the back end has closed its end. A request that is in progress goes on: it may still find its reply, or
     * knows better what is wrong. The last of the two to get here sees the other's store: this method stores the flag, then
     * tries the lock; a request gives the lock back, then loads the flag.
     *
     * <p>Once the connection has ended it says nothing of the back end: closing this end looks the same on the socket.
     */
    void hangUp() {
        if (end.get() != null) {
            return;
        }
        hungUp = true;
        if (exchange.tryLock()) {
            exchange.unlock();
            failIfHungUp();
        }
    }

    /** Whether the back end has closed its end, of its own accord and not because this end was closed. */
    boolean hasHungUp() {
        return hungUp || HUNG_UP.equals(end.get());
    }

    private void failIfHungUp() {
        if (hungUp) {
            fail(HUNG_UP);
        }
    }

    /**
     * Gives the connection up, unless it has ended already.
     *
     * @return an exception with the reason why it has ended
     */
    VirtioException fail(String reason) {
        if (end.compareAndSet(null, reason)) {
            channel.close();
            failureHandler.accept(reason);
        }
        return new VirtioException(end.get());
    }

    /** Ends the connection, and a request in progress, without a failure. Closing again does nothing. */
    @Override
    public void close() {
        end.compareAndSet(null, "the transport is closed");
        channel.close();
    }
}
