// SPDX-License-Identifier: Apache-2.0
package org.virtio.target.backend;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.virtio.device.FeatureSet;
import org.virtio.posix.FileDescriptor;
import org.virtio.posix.UnixSocket;
import org.virtio.spec.DeviceStatus;
import org.virtio.spec.Feature;
import org.virtio.target.queue.BlockDevice;
import org.virtio.target.queue.DriverMemory;
import org.virtio.target.queue.FaultPlan;
import org.virtio.target.queue.QueueException;
import org.virtio.target.queue.SplitInflight;
import org.virtio.user.message.DeviceConfig;
import org.virtio.user.message.FrontEndRequest;
import org.virtio.user.message.Message;
import org.virtio.user.message.MessageChannel;
import org.virtio.user.message.ProtocolException;
import org.virtio.user.message.ProtocolFeature;
import org.virtio.user.message.RegionDescription;
import org.virtio.user.message.U64Layout;
import org.virtio.user.message.VringState;

/**
 * Serves one front end from its connection to its end: QEMU's {@code docs/interop/vhost-user.rst}. One thread runs it;
 * {@link #disconnect} and {@link #configChanged} may be called by any.
 */
final class Session implements SessionContext {
    private static final Logger LOG = LoggerFactory.getLogger(Session.class);
    private static final long OFFERED = ProtocolFeature.mask(ProtocolFeature.MQ, ProtocolFeature.REPLY_ACK,
        ProtocolFeature.BACKEND_REQ, ProtocolFeature.CONFIG, ProtocolFeature.INFLIGHT_SHMFD,
        ProtocolFeature.CONFIGURE_MEM_SLOTS, ProtocolFeature.STATUS);

    private static final FileDescriptor[] NO_FDS = {};

    private final BlockTarget target;
    private final MessageChannel channel;
    private final BackEndChannel backEnd = new BackEndChannel();
    private final FrontEndMemory memory;
    /** Null if the front end wants none. */
    private volatile InflightMemory inflight;
    private final Vring[] vrings;
    private volatile FeatureSet features = FeatureSet.NONE;
    private volatile long protocolFeatures;
    private int status;

    /** Takes the connection over. */
    Session(BlockTarget target, UnixSocket socket, int queues) {
        this.target = target;
        this.channel = new MessageChannel(socket);
        this.memory = new FrontEndMemory(target.name());
        this.vrings = new Vring[queues];
        Arrays.setAll(vrings, i -> new Vring(this, i));
    }

    /** Serves until the front end is gone, breaks the protocol, or is disconnected. */
    void run() {
        try {
            target.config().reset();
            Message message = channel.receive(-1);
            while (message != null) {
                try (Message received = message) {
                    handle(received);
                }
                message = channel.receive(-1);
            }
            LOG.info("Target {}: the front end has disconnected", name());
        } catch (IOException e) {
            LOG.warn("Target {}: the connection is closed: {}", name(), e.getMessage());
        } finally {
            close();
        }
    }

    /** The socket is closed last, and whatever fails before: a front end must not wait for a session that is gone. */
    private void close() {
        InflightMemory last = inflight;
        try (channel; backEnd; memory; last) {
            for (Vring vring : vrings) {
                vring.close();
            }
        }
    }

    /** Ends the connection, soon. */
    void disconnect() {
        channel.socket().shutdown();
    }

    /** Tells the front end that the configuration has changed, if it wants to know. */
    void configChanged() {
        if (ProtocolFeature.CONFIG.in(protocolFeatures)) {
            backEnd.configChanged();
        }
    }

    private void handle(Message message) throws IOException {
        if (FrontEndRequest.find(message.id()) == null && message.needsReply()) {
            LOG.info("Target {}: unknown request {} is refused", name(), message.id());
            channel.send(message.acknowledgement(false));
            return;
        }
        FrontEndRequest request = message.frontEndRequest();
        MessageFault fault = target.messageFault(request);
        if (fault != null) {
            misbehave(request, message, fault);
            return;
        }
        Message reply = executeOrRefuse(request, message);
        if (reply != null) {
            channel.send(reply, request.replyFds() == 0 ? NO_FDS : new FileDescriptor[] {inflight.fd()});
        }
    }

    private void misbehave(FrontEndRequest request, Message message, MessageFault fault) throws IOException {
        switch (fault) {
            case NO_REPLY -> executeOrRefuse(request, message);
            case GARBAGE_REPLY -> {
                byte[] garbage = new byte[32];
                Arrays.fill(garbage, (byte) 0xff);
                channel.socket().send(ByteBuffer.wrap(garbage));
            }
            case REFUSE -> channel.send(refuse(request, message, new RefusedException("as its faults demand")));
            case CLOSE -> throw new ProtocolException("closed as its faults demand");
            default -> throw new IllegalStateException(fault.name());
        }
    }

    /** Returns the answer, or null if none is wanted. */
    private Message executeOrRefuse(FrontEndRequest request, Message message) throws IOException {
        try {
            Message reply = execute(request, message);
            if (reply != null) {
                return reply.asReply();
            }
        } catch (RefusedException e) {
            return refuse(request, message, e);
        }
        return wantsAcknowledgement(request, message) ? message.acknowledgement(true) : null;
    }

    private Message refuse(FrontEndRequest request, Message message, RefusedException reason) throws RefusedException {
        if (!wantsAcknowledgement(request, message)) {
            throw new RefusedException(request + " is refused: " + reason.getMessage(), reason);
        }
        LOG.warn("Target {}: {} is refused: {}", name(), request, reason.getMessage());
        return message.acknowledgement(false);
    }

    private boolean wantsAcknowledgement(FrontEndRequest request, Message message) {
        return request.acknowledgeable() && message.needsReply() && ProtocolFeature.REPLY_ACK.in(protocolFeatures);
    }

    /** Returns the request's own reply, or null if it has none. */
    private Message execute(FrontEndRequest request, Message message) throws IOException {
        switch (request) {
            case GET_FEATURES:
                return Message.of(request, target.config().features().word(0));
            case GET_PROTOCOL_FEATURES:
                return Message.of(request, OFFERED);
            case GET_QUEUE_NUM:
                return Message.of(request, vrings.length);
            case GET_MAX_MEM_SLOTS:
                return Message.of(request, DriverMemory.MAX_REGIONS);
            case GET_STATUS:
                return Message.of(request, status());
            case GET_CONFIG:
                return getConfig(request, message.deviceConfig());
            case GET_VRING_BASE:
                VringState state = message.vringState();
                return Message.of(request, new VringState(state.index(), vring(state.index()).stop()));
            case GET_INFLIGHT_FD:
                replaceInflight(request, message);
                return Message.of(request, inflight.description());
            case SET_OWNER, RESET_OWNER:
                return null;
            case SET_FEATURES:
                setFeatures(FeatureSet.ofWords(message.u64()));
                return null;
            case SET_PROTOCOL_FEATURES:
                setProtocolFeatures(message.u64());
                return null;
            case SET_STATUS:
                setStatus(message.u64());
                return null;
            case SET_CONFIG:
                target.config().write(message.deviceConfig());
                return null;
            case SET_BACKEND_REQ_FD:
                backEnd.open(message.takeFd(0));
                return null;
            case SET_INFLIGHT_FD:
                replaceInflight(request, message);
                return null;
            case SET_MEM_TABLE, ADD_MEM_REG, REM_MEM_REG:
                changeMemory(request, message);
                return null;
            default:
                changeVring(request, message);
                return null;
        }
    }

    private Message getConfig(FrontEndRequest request, DeviceConfig asked) {
        byte[] contents = target.config().read(asked.offset(), asked.contents().length);
        return contents == null ? Message.of(request)
            : Message.of(request, new DeviceConfig(asked.offset(), asked.flags(), contents));
    }

    private int status() {
        boolean broken = Arrays.stream(vrings).anyMatch(Vring::isBroken);
        return broken ? status | DeviceStatus.DEVICE_NEEDS_RESET : status;
    }

    private void setStatus(long newStatus) throws IOException {
        if (newStatus == DeviceStatus.RESET) {
            for (Vring vring : vrings) {
                vring.stop();
            }
        }
        status = (int) newStatus & 0xff;
    }

    private void setFeatures(FeatureSet accepted) throws IOException {
        FeatureSet unknown = accepted.minus(target.config().features());
        if (!unknown.isEmpty()) {
            throw new RefusedException("features " + unknown + " were not offered");
        }
        pauseAll();
        target.config().accept(features, accepted);
        features = accepted;
        resumeAll();
    }

    private void setProtocolFeatures(long accepted) throws RefusedException {
        if ((accepted & ~OFFERED) != 0) {
            throw new RefusedException("protocol features " + ProtocolFeature.names(accepted & ~OFFERED) + " were not offered");
        }
        protocolFeatures = accepted;
    }

    private void replaceInflight(FrontEndRequest request, Message message) throws IOException {
        pauseAll();
        try {
            InflightMemory old = inflight;
            InflightMemory next = request == FrontEndRequest.GET_INFLIGHT_FD
                ? InflightMemory.make(message.inflight(), vrings.length) : InflightMemory.map(message, vrings.length);
            next.takeOver(vrings);
            inflight = next;
            if (old != null) {
                old.close();
            }
        } finally {
            resumeAll();
        }
    }

    private void changeMemory(FrontEndRequest request, Message message) throws IOException {
        pauseAll();
        try {
            switch (request) {
                case SET_MEM_TABLE -> setTable(message);
                case ADD_MEM_REG -> addRegion(message.memoryRegion(), message, 0);
                default -> memory.remove(message.memoryRegion());
            }
        } finally {
            resumeAll();
        }
    }

    private void setTable(Message message) throws RefusedException {
        memory.clear();
        List<RegionDescription> regions = message.memoryTable();
        for (int i = 0; i < regions.size(); i++) {
            addRegion(regions.get(i), message, i);
        }
    }

    private void addRegion(RegionDescription region, Message message, int index) throws RefusedException {
        try (FileDescriptor fd = message.takeFd(index)) {
            memory.add(region, fd);
        }
    }

    private void changeVring(FrontEndRequest request, Message message) throws IOException {
        Vring vring = switch (request) {
            case SET_VRING_NUM, SET_VRING_BASE, SET_VRING_ENABLE -> vring(message.vringState().index());
            case SET_VRING_ADDR -> vring(message.vringAddress().index());
            case SET_VRING_KICK, SET_VRING_CALL, SET_VRING_ERR -> vring((int) (message.u64() & U64Layout.VRING_INDEX_MASK));
            default -> throw new RefusedException("it needs a feature that was not offered");
        };
        vring.pause();
        boolean before = vring.isBroken();
        try {
            change(vring, request, message);
        } finally {
            vring.resume();
        }
        if (vring.isBroken() && !before && wantsAcknowledgement(request, message)) {
            throw new RefusedException("the queue cannot run");
        }
    }

    private static void change(Vring vring, FrontEndRequest request, Message message) throws RefusedException {
        switch (request) {
            case SET_VRING_NUM -> vring.setSize(message.vringState().num());
            case SET_VRING_BASE -> vring.setBase(message.vringState().num());
            case SET_VRING_ENABLE -> vring.setEnabled(message.vringState().num() != 0);
            case SET_VRING_ADDR -> vring.setAddresses(message.vringAddress());
            case SET_VRING_KICK -> vring.setKick(eventFd(message));
            case SET_VRING_CALL -> vring.setCall(eventFd(message));
            default -> vring.setError(eventFd(message));
        }
    }

    private static FileDescriptor eventFd(Message message) {
        return message.fdCount() == 0 ? null : message.takeFd(0);
    }

    private Vring vring(int index) throws RefusedException {
        if (index < 0 || index >= vrings.length) {
            throw new RefusedException("there is no queue " + Integer.toUnsignedString(index) + " of " + vrings.length);
        }
        return vrings[index];
    }

    private void pauseAll() throws IOException {
        for (Vring vring : vrings) {
            vring.pause();
        }
    }

    private void resumeAll() {
        for (Vring vring : vrings) {
            vring.resume();
        }
    }

    @Override
    public String name() {
        return target.name();
    }

    @Override
    public FeatureSet features() {
        return features;
    }

    @Override
    public DriverMemory memory() {
        return memory.table();
    }

    /** Packed rings are not written down: the memory's version stays 0, by which it says so. */
    @Override
    public SplitInflight inflight(int index, int size) throws QueueException {
        InflightMemory current = inflight;
        return current == null || features.contains(Feature.RING_PACKED) ? null : current.queue(index, size);
    }

    /** Whether the front end has memory for what is in flight. */
    boolean keepsInflight() {
        return inflight != null;
    }

    @Override
    public BlockDevice device() {
        return target.device();
    }

    @Override
    public FaultPlan faults() {
        return target.requestFaults();
    }

    @Override
    public LongAdder requests() {
        return target.requests();
    }

    @Override
    public long spinNanos() {
        return target.spinNanos();
    }
}
