// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.message;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.memory.MemoryRegion;
import org.virtio.spec.DeviceStatus;
import org.virtio.spec.DeviceType;
import org.virtio.transport.OwnedVirtqueue;
import org.virtio.transport.QueueNotifier;
import org.virtio.transport.QueueSetup;
import org.virtio.transport.Transport;
import org.virtio.transport.TransportListener;

/**
 * A device behind a socket: a connection to ask and tell it, one on which it speaks unasked, and one for each queue.
 * A thread waits on the second, which is how the transport learns that the back end is gone while nobody asks.
 */
final class MessageTransport implements Transport {
    private static final int REPLY_TIMEOUT_MILLIS = 5000;

    private final InetSocketAddress address;
    private final TransportListener listener;
    private final List<MessageQueue> queues = new CopyOnWriteArrayList<>();
    private final Socket control = new Socket();
    private final Socket events = new Socket();
    private final Thread thread = new Thread(this::listen, "message events");
    private volatile String failure;
    private volatile boolean closed;

    MessageTransport(InetSocketAddress address, TransportListener listener) throws IOException {
        this.address = address;
        this.listener = listener;
        try {
            connect(control, MessageLayout.CONTROL);
            connect(events, MessageLayout.EVENTS);
            control.setSoTimeout(REPLY_TIMEOUT_MILLIS);
        } catch (IOException e) {
            disconnect(control);
            disconnect(events);
            throw e;
        }
        thread.setDaemon(true);
        thread.start();
    }

    private void connect(Socket socket, int purpose) throws IOException {
        socket.setTcpNoDelay(true);
        socket.connect(address, REPLY_TIMEOUT_MILLIS);
        new DataOutputStream(socket.getOutputStream()).writeInt(purpose);
    }

    private void listen() {
        try {
            for (int event = events.getInputStream().read(); event >= 0; event = events.getInputStream().read()) {
                if (event == MessageLayout.CONFIGURATION_CHANGED) {
                    listener.configurationChanged();
                }
            }
            failed("the back end closed the connection");
        } catch (IOException e) {
            failed("the connection to the back end was lost: " + e.getMessage());
        }
        if (!closed) {
            listener.failed(failure);
        }
    }

    /** The first reason stays. The thread, which alone may tell the listener, is ended by its connection. */
    private synchronized void failed(String reason) {
        if (failure == null) {
            failure = reason;
        }
        disconnect(control);
        disconnect(events);
    }

    private static void disconnect(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new AssertionError("a socket that is closed has nothing to lose", e);
        }
    }

    private long ask(int operation, int argument, long value) throws VirtioException {
        if (failure != null) {
            throw new VirtioException(failure);
        }
        try {
            DataOutputStream out = new DataOutputStream(control.getOutputStream());
            out.writeInt(operation);
            out.writeInt(argument);
            out.writeLong(value);
            return new DataInputStream(control.getInputStream()).readLong();
        } catch (IOException e) {
            failed("the back end does not answer: " + e.getMessage());
            throw new VirtioException(failure, e);
        }
    }

    @Override
    public DeviceType deviceType() {
        return DeviceType.BLOCK;
    }

    @Override
    public int status() throws VirtioException {
        return (int) ask(MessageLayout.GET_STATUS, 0, 0);
    }

    @Override
    public void status(int status) throws VirtioException {
        if (status == DeviceStatus.RESET) {
            closeQueues();
        }
        ask(MessageLayout.SET_STATUS, 0, status);
    }

    /** What is not read from a queue's connection is written nowhere: that is all it takes to quiesce this kind of device. */
    private void closeQueues() {
        queues.forEach(MessageQueue::close);
        queues.clear();
    }

    @Override
    public FeatureSet deviceFeatures() throws VirtioException {
        return FeatureSet.ofWords(ask(MessageLayout.GET_FEATURES, 0, 0), ask(MessageLayout.GET_FEATURES, 1, 0));
    }

    @Override
    public void driverFeatures(FeatureSet features) throws VirtioException {
        ask(MessageLayout.SET_FEATURES, 0, features.word(0));
        ask(MessageLayout.SET_FEATURES, 1, features.word(1));
    }

    @Override
    public int maxQueues() throws VirtioException {
        return (int) ask(MessageLayout.GET_QUEUES, 0, 0);
    }

    @Override
    public int queueSize(int index) throws VirtioException {
        return (int) ask(MessageLayout.GET_QUEUE_SIZE, index, 0);
    }

    /** Data is copied into messages, so the device needs to know of no memory. */
    @Override
    public long map(MemoryRegion region) {
        return region.address();
    }

    @Override
    public void unmap(MemoryRegion region) {
        // It was not told of it.
    }

    @Override
    public OwnedVirtqueue supplyQueue(int index, int size) throws VirtioException {
        try {
            MessageQueue queue = new MessageQueue(index, size, MessageSocket.connect(address, index));
            queues.add(queue);
            return queue;
        } catch (IOException e) {
            throw new VirtioException("queue " + index + " cannot be connected: " + e.getMessage(), e);
        }
    }

    @Override
    public QueueNotifier setUpQueue(QueueSetup queue) throws VirtioException {
        throw new VirtioException("there is no memory to have a ring in");
    }

    @Override
    public byte[] readConfig(int offset, int length) throws VirtioException {
        byte[] value = new byte[length];
        for (int i = 0; i < length; i++) {
            value[i] = (byte) ask(MessageLayout.GET_CONFIG, offset + i, 0);
        }
        return value;
    }

    @Override
    public void writeConfig(int offset, byte[] value) throws VirtioException {
        throw new VirtioException("the device's configuration cannot be written");
    }

    @Override
    public int configGeneration() throws VirtioException {
        return (int) ask(MessageLayout.GET_GENERATION, 0, 0);
    }

    @Override
    public Map<String, Object> details() {
        return Map.of("backEnd", address.toString());
    }

    @Override
    public void close() {
        closed = true;
        closeQueues();
        failed("the device is closed");
        try {
            if (Thread.currentThread() != thread) {
                thread.join(REPLY_TIMEOUT_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
