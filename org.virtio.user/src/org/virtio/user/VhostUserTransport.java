// SPDX-License-Identifier: Apache-2.0
package org.virtio.user;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.device.FeatureSet;
import org.virtio.device.VirtioException;
import org.virtio.memory.MemoryRegion;
import org.virtio.posix.Epoll;
import org.virtio.posix.EventLoop;
import org.virtio.posix.PeerCredentials;
import org.virtio.posix.UnixSocket;
import org.virtio.spec.DeviceStatus;
import org.virtio.spec.DeviceType;
import org.virtio.spec.Feature;
import org.virtio.transport.InflightRecord;
import org.virtio.transport.QueueNotifier;
import org.virtio.transport.QueueSetup;
import org.virtio.transport.Transport;
import org.virtio.transport.TransportListener;
import org.virtio.user.message.FrontEndRequest;
import org.virtio.user.message.Message;
import org.virtio.user.message.MessageChannel;
import org.virtio.user.message.ProtocolFeature;

/**
 * One device, as the front end of the vhost-user protocol reaches it.
 *
 * <p>Memory and queues are collected, and told when DRIVER_OK is set. A back end without {@link ProtocolFeature#STATUS} has
 * no device status field: it is kept here then, and a reset stops the queues.
 */
final class VhostUserTransport implements Transport {
    private static final Logger LOG = LoggerFactory.getLogger(VhostUserTransport.class);
    /**
     * The most that requests in flight are waited for at a reset, or the reply timeout if that is less. No time is right for
     * all: a slow disk's requests may take longer, and are left to the back end then; a hung one delays every reset by so much.
     */
    private static final long DRAIN_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final VhostUserOptions options;
    private final UnixSocket socket;
    private final EventLoop events;
    private final TransportListener listener;
    private final Consumer<VhostUserTransport> closeHandler;
    private final Connection connection;
    private final List<Queue> queues = new CopyOnWriteArrayList<>();
    private final AtomicBoolean closed = new AtomicBoolean();
    private Session session;
    private MemoryRegions memory;
    private BackEndConfig config;
    private BackEndRequests backEndRequests;
    private PeerCredentials peer;
    private int status;
    private boolean packed;
    /** Whether the back end has been told of the queues. */
    private boolean started;
    /** Whether the back end had requests when it was told to stop. */
    private boolean busy;
    /** Null if the back end cannot. */
    private InflightTracking inflight;
    private volatile boolean open;
    private volatile int configGeneration;
    /** Of the event loop's thread alone. */
    private boolean failed;

    /**
     * Takes a connected socket over.
     *
     * @param closeHandler told once when this is closed
     */
    VhostUserTransport(VhostUserOptions options, UnixSocket socket, EventLoop events, TransportListener listener,
        Consumer<VhostUserTransport> closeHandler) {
        this.options = options;
        this.socket = socket;
        this.events = events;
        this.listener = listener;
        this.closeHandler = closeHandler;
        this.connection = new Connection(new MessageChannel(socket), options.replyTimeoutNanos(), this::reportFailure);
    }

    /** Begins the session; nothing but {@link #close()} may be called before this has returned. */
    void begin() throws VirtioException {
        try {
            peer = socket.peerCredentials();
            session = Session.begin(connection);
            memory = new MemoryRegions(connection, session);
            config = new BackEndConfig(connection, session);
            if (session.has(ProtocolFeature.INFLIGHT_SHMFD)) {
                inflight = new InflightTracking(connection, options.queueSize());
            }
            if (session.has(ProtocolFeature.BACKEND_REQ)) {
                backEndRequests = BackEndRequests.open(events,
                    theirs -> connection.tell(Message.of(FrontEndRequest.SET_BACKEND_REQ_FD), theirs),
                    this::configurationChanged, connection::fail);
                connection.confirm();
            }
            events.watch(socket.fd(), Epoll.RDHUP, ready -> {
                events.unwatch(socket.fd());
                connection.hangUp();
            });
            open = true;
            connection.check();
        } catch (VirtioException e) {
            throw e;
        } catch (IOException e) {
            throw new VirtioException(e.getMessage(), e);
        }
    }

    /**
     * On any thread, which may hold locks; so the listener is told on the event loop's. What fails before the transport is
     * open is told by an exception alone: the reason is stored before the flag is loaded here, and the other way round there.
     */
    private void reportFailure(String reason) {
        if (open) {
            events.execute(() -> {
                if (!closed.get()) {
                    failed = true;
                    listener.failed(reason);
                }
            });
        }
    }

    /** On the event loop's thread. */
    private void configurationChanged() {
        configGeneration++;
        if (!closed.get() && !failed) {
            listener.configurationChanged();
        }
    }

    @Override
    public DeviceType deviceType() {
        return options.type();
    }

    @Override
    public int status() throws VirtioException {
        if (session.has(ProtocolFeature.STATUS)) {
            long answer = connection.askU64(FrontEndRequest.GET_STATUS);
            if ((answer & ~0xffL) != 0) {
                throw connection.fail("the back end broke the protocol: its status is 0x" + Long.toHexString(answer)
                    + "; expected 8 bits");
            }
            return (int) answer;
        }
        connection.check();
        return status;
    }

    @Override
    public void status(int value) throws VirtioException {
        connection.check();
        if (value == DeviceStatus.RESET) {
            stop();
        } else if ((value & DeviceStatus.DRIVER_OK) != 0 && !started) {
            start();
        }
        if (session.has(ProtocolFeature.STATUS)) {
            connection.tell(Message.of(FrontEndRequest.SET_STATUS, value));
            connection.confirm();
        }
        status = value;
    }

    private void start() throws VirtioException {
        memory.tell();
        // First, so that a reset stops what was started when a step fails.
        started = true;
        boolean adopted = tracksInflight() && inflight.isAdopted();
        trackInflight();
        for (Queue queue : queues) {
            queue.start(connection, adopted ? queue.usedBase(memory) : queue.emptyBase());
        }
    }

    /** Back ends can track split rings; few can packed ones. */
    private boolean tracksInflight() {
        return inflight != null && !packed;
    }

    private void trackInflight() throws VirtioException {
        if (tracksInflight() && !queues.isEmpty()) {
            inflight.start(1 + queues.stream().mapToInt(Queue::index).max().orElseThrow());
        }
    }

    /** Of a back end that hung up while it worked: one that does not answer may come to life again. */
    @Override
    public InflightRecord takeInflight() {
        return tracksInflight() && started && !busy && connection.hasHungUp() ? inflight.take() : null;
    }

    @Override
    public boolean adoptInflight(InflightRecord record) {
        return tracksInflight() && inflight.adopt(record);
    }

    /**
     * The queue's next ring is not to begin with requests that were left in the one before. That the other queues' requests are
     * noted no more does not matter: what such a back end has noted is never {@linkplain #takeInflight taken}.
     */
    private void startTrackingAnew() throws VirtioException {
        if (tracksInflight()) {
            inflight.forget();
            trackInflight();
        }
    }

    private void stop() throws VirtioException {
        if (started) {
            stop(queues.stream().filter(Queue::isTold).toList());
            started = false;
        }
        if (inflight != null) {
            inflight.forget();
        }
        discardQueues();
    }

    /** A back end that hung up has unmapped the memory; one that does not answer, or is not through, may write to it yet. */
    @Override
    public boolean isQuiet() {
        return connection.hasHungUp() || !started && !busy;
    }

    private void stop(List<Queue> stopping) throws VirtioException {
        long limit = Math.min(DRAIN_NANOS, options.replyTimeoutNanos());
        long end = System.nanoTime() + limit;
        for (Queue queue : stopping) {
            if (!queue.drain(memory, connection, end)) {
                busy = true;
                LOG.warn("Queue {} of vhost-user:{}: the back end has requests that it did not use within {} ms; it is trusted, "
                    + "as the protocol demands, not to touch them once it has answered GET_VRING_BASE", queue.index(),
                    options.path(), TimeUnit.NANOSECONDS.toMillis(limit));
            }
        }
        for (Queue queue : stopping) {
            queue.stop(connection);
        }
    }

    private void discardQueues() {
        queues.forEach(Queue::close);
        queues.clear();
    }

    @Override
    public FeatureSet deviceFeatures() throws VirtioException {
        connection.check();
        return session.deviceFeatures();
    }

    @Override
    public void driverFeatures(FeatureSet features) throws VirtioException {
        connection.tell(Message.of(FrontEndRequest.SET_FEATURES, session.accepted(features)));
        connection.confirm();
        packed = features.contains(Feature.RING_PACKED);
    }

    /** The address's option, or fewer if the back end has fewer. One that cannot tell is taken at the address's word. */
    @Override
    public int maxQueues() throws VirtioException {
        connection.check();
        if (!session.has(ProtocolFeature.MQ)) {
            return Math.max(1, options.queues());
        }
        int limit = options.queues() == 0 ? VhostUserOptions.MAX_QUEUES : options.queues();
        return Long.compareUnsigned(session.queues(), limit) < 0 ? (int) session.queues() : limit;
    }

    /** The same for all queues, and never asked for: see {@link VhostUserOptions#queueSize()}. */
    @Override
    public int queueSize(int index) throws VirtioException {
        connection.check();
        return options.queueSize();
    }

    @Override
    public long map(MemoryRegion region) throws VirtioException {
        connection.check();
        memory.map(region, started);
        return region.address();
    }

    @Override
    public void unmap(MemoryRegion region) throws VirtioException {
        memory.unmap(region);
    }

    @Override
    public QueueNotifier setUpQueue(QueueSetup setup) throws VirtioException {
        connection.check();
        if (find(setup.index()) != null) {
            throw new IllegalStateException("queue " + setup.index() + " is set up already");
        }
        Queue queue = Queue.create(setup, new Queue.Format(session.enablesQueues(), packed));
        // First, so that a reset stops what was started when a step fails.
        queues.add(queue);
        if (started) {
            queue.start(connection, queue.emptyBase());
        }
        return queue;
    }

    /** A queue that cannot be stopped stays, so that a reset of the device tries again. One that is not set up is reset. */
    @Override
    public void resetQueue(int index) throws VirtioException {
        connection.check();
        Queue queue = find(index);
        if (queue != null) {
            if (started) {
                stop(List.of(queue));
                if (busy) {
                    startTrackingAnew();
                }
            }
            queues.remove(queue);
            queue.close();
        }
    }

    private Queue find(int index) {
        return queues.stream().filter(queue -> queue.index() == index).findFirst().orElse(null);
    }

    @Override
    public byte[] readConfig(int offset, int length) throws VirtioException {
        connection.check();
        return config.read(offset, length);
    }

    @Override
    public void writeConfig(int offset, byte[] value) throws VirtioException {
        connection.check();
        config.write(offset, value);
    }

    @Override
    public int configGeneration() throws VirtioException {
        connection.check();
        return configGeneration;
    }

    @Override
    public Map<String, Object> details() {
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("socket", options.path());
        details.put("peer pid", peer.pid());
        details.put("peer uid", peer.uid());
        details.put("protocol features", ProtocolFeature.names(session.protocolFeatures()));
        // An unsigned number: one that looks negative is no limit that anybody could reach.
        if (session.memorySlots() >= 0) {
            details.put("memory slots", session.memorySlots());
        }
        details.put("memory regions", memory.toStrings());
        details.put("queues", queues.stream().map(Queue::toString).toList());
        return details;
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            events.unwatch(socket.fd());
            connection.close();
            if (backEndRequests != null) {
                backEndRequests.close();
            }
            if (inflight != null) {
                inflight.close();
            }
            discardQueues();
            closeHandler.accept(this);
        }
    }
}
