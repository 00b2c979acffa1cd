// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.message;

import static org.virtio.spec.BlkRequestLayout.HEADER_SIZE;
import static org.virtio.spec.BlkRequestLayout.ID_SIZE;
import static org.virtio.spec.BlkRequestLayout.SECTOR;
import static org.virtio.spec.BlkRequestLayout.STATUS_SIZE;
import static org.virtio.spec.BlkRequestLayout.S_IOERR;
import static org.virtio.spec.BlkRequestLayout.S_OK;
import static org.virtio.spec.BlkRequestLayout.S_UNSUPP;
import static org.virtio.spec.BlkRequestLayout.TYPE;
import static org.virtio.spec.BlkRequestLayout.T_FLUSH;
import static org.virtio.spec.BlkRequestLayout.T_GET_ID;
import static org.virtio.spec.BlkRequestLayout.T_IN;
import static org.virtio.spec.BlkRequestLayout.T_OUT;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.virtio.device.FeatureSet;
import org.virtio.spec.BlkConfigLayout;
import org.virtio.spec.BlkFeature;
import org.virtio.spec.Feature;

/** The other side: a disk of bytes behind a socket, which answers what it has in any order. A thread per connection. */
public final class MessageDisk implements AutoCloseable {
    private static final int QUEUES = 2;
    private static final int QUEUE_SIZE = 128;
    private static final int BATCH = 16;
    private static final FeatureSet FEATURES =
        FeatureSet.of(Feature.VERSION_1, BlkFeature.MQ, BlkFeature.FLUSH, BlkFeature.SEG_MAX);

    /** What is on the disk. */
    public final byte[] bytes;
    /** Requests that have arrived, and how many were answered before an older one. */
    public final AtomicInteger arrived = new AtomicInteger();
    public final AtomicInteger overtaking = new AtomicInteger();
    /** Whether requests are not answered. */
    public volatile boolean silent;
    /** Added to the ids of answers. */
    public volatile int wrongId;

    private final ByteBuffer config = ByteBuffer.allocate(BlkConfigLayout.SIZE).order(ByteOrder.LITTLE_ENDIAN);
    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final List<Socket> connections = new CopyOnWriteArrayList<>();
    private final List<Thread> threads = new CopyOnWriteArrayList<>();
    private volatile DataOutputStream events;
    private volatile long status;
    private volatile long generation;

    /** Listens, on a port that was free. */
    public MessageDisk(int size) throws IOException {
        bytes = new byte[size];
        capacity(size);
        config.putInt(BlkConfigLayout.SEG_MAX, 8).putShort(BlkConfigLayout.NUM_QUEUES, (short) QUEUES);
        start(this::accept);
    }

    /** By which the driver finds it. */
    public String address() {
        return "message:127.0.0.1:" + server.getLocalPort();
    }

    /** Changes the capacity, and tells. */
    public void capacity(long newSize) throws IOException {
        config.putLong(BlkConfigLayout.CAPACITY, newSize / BlkConfigLayout.SECTOR_SIZE);
        generation++;
        DataOutputStream told = events;
        if (told != null) {
            told.write(MessageLayout.CONFIGURATION_CHANGED);
        }
    }

    private void start(Runnable work) {
        Thread thread = new Thread(work, "message disk");
        threads.add(thread);
        thread.start();
    }

    private void accept() {
        try {
            while (true) {
                Socket connection = server.accept();
                connection.setTcpNoDelay(true);
                connections.add(connection);
                start(() -> serve(connection));
            }
        } catch (IOException e) {
            connections.forEach(MessageDisk::disconnect);
        }
    }

    private void serve(Socket connection) {
        try (connection) {
            DataInputStream in = new DataInputStream(new BufferedInputStream(connection.getInputStream()));
            DataOutputStream out = new DataOutputStream(new BufferedOutputStream(connection.getOutputStream()));
            int purpose = in.readInt();
            switch (purpose) {
                case MessageLayout.CONTROL -> serveControl(in, out);
                case MessageLayout.EVENTS -> {
                    events = new DataOutputStream(connection.getOutputStream());
                    in.read();
                }
                default -> serveQueue(in, out, new Random(purpose));
            }
        } catch (IOException e) {
            connections.remove(connection);
        }
    }

    private void serveControl(DataInputStream in, DataOutputStream out) throws IOException {
        while (true) {
            int operation = in.readInt();
            int argument = in.readInt();
            long value = in.readLong();
            out.writeLong(switch (operation) {
                case MessageLayout.GET_FEATURES -> FEATURES.word(argument);
                case MessageLayout.GET_STATUS -> status;
                case MessageLayout.SET_STATUS -> status = value;
                case MessageLayout.GET_CONFIG -> config.get(argument);
                case MessageLayout.GET_GENERATION -> generation;
                case MessageLayout.GET_QUEUES -> QUEUES;
                case MessageLayout.GET_QUEUE_SIZE -> QUEUE_SIZE;
                default -> 0;
            });
            out.flush();
        }
    }

    private record Request(int id, ByteBuffer readable, int writable) {
    }

    private void serveQueue(DataInputStream in, DataOutputStream out, Random order) throws IOException {
        List<Request> batch = new ArrayList<>();
        while (true) {
            do {
                batch.add(read(in));
            } while (in.available() > 0 && batch.size() < BATCH);
            if (silent) {
                continue;
            }
            Request oldest = batch.get(0);
            Collections.shuffle(batch, order);
            overtaking.addAndGet(batch.indexOf(oldest));
            for (Request request : batch) {
                byte[] answer = execute(request);
                out.writeInt(request.id + wrongId);
                out.writeInt(answer.length);
                out.write(answer);
            }
            out.flush();
            batch.clear();
        }
    }

    private Request read(DataInputStream in) throws IOException {
        int id = in.readInt();
        byte[] readable = new byte[in.readInt()];
        int writable = in.readInt();
        in.readFully(readable);
        arrived.incrementAndGet();
        return new Request(id, ByteBuffer.wrap(readable).order(ByteOrder.LITTLE_ENDIAN), writable);
    }

    /** What the device-writable buffers are to hold: data, then the status in their last byte. */
    private synchronized byte[] execute(Request request) {
        ByteBuffer readable = request.readable;
        byte[] answer = new byte[request.writable];
        long position = readable.getLong(SECTOR) * BlkConfigLayout.SECTOR_SIZE;
        int in = answer.length - STATUS_SIZE;
        int out = readable.capacity() - HEADER_SIZE;
        byte result = S_OK;
        if (position < 0 || position > bytes.length - Math.max(in, out)) {
            result = S_IOERR;
        } else {
            switch (readable.getInt(TYPE)) {
                case T_IN -> System.arraycopy(bytes, (int) position, answer, 0, in);
                case T_OUT -> readable.get(HEADER_SIZE, bytes, (int) position, out);
                case T_FLUSH -> { }
                case T_GET_ID -> {
                    byte[] id = "message disk".getBytes(StandardCharsets.US_ASCII);
                    System.arraycopy(id, 0, answer, 0, Math.min(id.length, ID_SIZE));
                }
                default -> result = S_UNSUPP;
            }
        }
        answer[in] = result;
        return answer;
    }

    private static void disconnect(Socket connection) {
        try {
            connection.close();
        } catch (IOException e) {
            throw new AssertionError("a socket that is closed has nothing to lose", e);
        }
    }

    /** Closes all connections, as when the back end dies. */
    @Override
    public void close() throws IOException {
        server.close();
        connections.forEach(MessageDisk::disconnect);
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
