// SPDX-License-Identifier: Apache-2.0
package org.virtio.user.message;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.virtio.posix.FileDescriptor;

/**
 * One message, in either direction. Not thread-safe.
 *
 * <p>File descriptors: a message that was received owns those that came with it. {@link #takeFd} hands one to its caller,
 * who closes it from then on; {@link #close()} closes the others. A message that is made to be sent owns none: those that go
 * with it are lent to {@link MessageChannel#send} for the length of the call. Closing such a message does nothing.
 *
 * <p>What was received has been checked for its version and length only. One of {@link #frontEndRequest()},
 * {@link #backEndRequest()} and {@link #checkAnswer} must have returned before an accessor of the payload is called.
 */
public final class Message implements AutoCloseable {
    /** The most bytes of payload that this side receives: no message of the document needs more. */
    public static final int MAX_PAYLOAD = 4096;

    private static final int FLAGS = MessageHeaderLayout.VERSION;

    private final int id;
    private final int flags;
    private final ByteBuffer payload;
    private final FileDescriptor[] fds;

    /**
     * Puts a message together as it is received; other messages are made by the {@code of} methods.
     *
     * @param id      the number of the request
     * @param flags   see {@link MessageHeaderLayout#FLAGS}
     * @param payload from index 0 to its limit; not copied
     * @param fds     owned by the message from now on
     */
    Message(int id, int flags, ByteBuffer payload, List<FileDescriptor> fds) {
        this.id = id;
        this.flags = flags;
        this.payload = payload.order(ByteOrder.nativeOrder());
        this.fds = fds.toArray(FileDescriptor[]::new);
    }

    /** A message without payload. */
    public static Message of(Request request) {
        return of(request, 0);
    }

    /** A message whose payload is a u64. */
    public static Message of(Request request, long value) {
        Message message = of(request, U64Layout.SIZE);
        message.payload.putLong(U64Layout.VALUE, value);
        return message;
    }

    /** A message whose payload is a vring state description. */
    public static Message of(Request request, VringState state) {
        Message message = of(request, VringStateLayout.SIZE);
        message.payload.putInt(VringStateLayout.INDEX, state.index()).putInt(VringStateLayout.NUM, state.num());
        return message;
    }

    /** A message whose payload is a vring address description. */
    public static Message of(Request request, VringAddress address) {
        Message message = of(request, VringAddressLayout.SIZE);
        message.payload.putInt(VringAddressLayout.INDEX, address.index())
            .putInt(VringAddressLayout.FLAGS, address.flags())
            .putLong(VringAddressLayout.DESCRIPTOR, address.descriptor())
            .putLong(VringAddressLayout.USED, address.used())
            .putLong(VringAddressLayout.AVAILABLE, address.available())
            .putLong(VringAddressLayout.LOG, address.log());
        return message;
    }

    /** A message whose payload is a memory table, of at most {@link MemoryTableLayout#MAX_REGIONS} regions. */
    public static Message of(Request request, List<RegionDescription> regions) {
        Message message = of(request, MemoryTableLayout.size(regions.size()));
        message.payload.putInt(MemoryTableLayout.NUM_REGIONS, regions.size());
        for (int i = 0; i < regions.size(); i++) {
            message.putRegion(MemoryTableLayout.region(i), regions.get(i));
        }
        return message;
    }

    /** A message whose payload is a single memory region description. */
    public static Message of(Request request, RegionDescription region) {
        Message message = of(request, MemoryRegionLayout.SINGLE_SIZE);
        message.putRegion(MemoryRegionLayout.SINGLE_REGION, region);
        return message;
    }

    /** A message whose payload is a part of the configuration space. */
    public static Message of(Request request, DeviceConfig config) {
        byte[] contents = config.contents();
        Message message = of(request, DeviceConfigLayout.CONTENTS + contents.length);
        message.payload.putInt(DeviceConfigLayout.OFFSET, config.offset())
            .putInt(DeviceConfigLayout.CONTENTS_SIZE, contents.length)
            .putInt(DeviceConfigLayout.FLAGS, config.flags())
            .put(DeviceConfigLayout.CONTENTS, contents);
        return message;
    }

    /** A message whose payload is an inflight description. */
    public static Message of(Request request, InflightDescription inflight) {
        Message message = of(request, InflightDescriptionLayout.SIZE);
        message.payload.putLong(InflightDescriptionLayout.MMAP_SIZE, inflight.mmapSize())
            .putLong(InflightDescriptionLayout.MMAP_OFFSET, inflight.mmapOffset())
            .putShort(InflightDescriptionLayout.NUM_QUEUES, (short) inflight.numQueues())
            .putShort(InflightDescriptionLayout.QUEUE_SIZE, (short) inflight.queueSize());
        return message;
    }

    private static Message of(Request request, int size) {
        return new Message(request.id(), FLAGS, ByteBuffer.allocate(size), List.of());
    }

    /** This message without its file descriptors, marked as a reply. */
    public Message asReply() {
        return new Message(id, FLAGS | MessageHeaderLayout.FLAG_REPLY, payload, List.of());
    }

    /** This message without its file descriptors, asking for a reply although it has none of its own. */
    public Message withNeedReply() {
        return new Message(id, flags | MessageHeaderLayout.FLAG_NEED_REPLY, payload, List.of());
    }

    /**
     * The answer to a request that has no reply of its own, if it asked for one; also if the request is unknown.
     *
     * @param success whether the request was carried out
     */
    public Message acknowledgement(boolean success) {
        ByteBuffer answer = ByteBuffer.allocate(U64Layout.SIZE).order(ByteOrder.nativeOrder());
        answer.putLong(U64Layout.VALUE, success ? 0 : 1);
        return new Message(id, FLAGS | MessageHeaderLayout.FLAG_REPLY, answer, List.of());
    }

    /** The number of the request. */
    public int id() {
        return id;
    }

    /** The flags; see {@link MessageHeaderLayout#FLAGS}. */
    public int flags() {
        return flags;
    }

    /** Whether this is a reply. */
    public boolean isReply() {
        return (flags & MessageHeaderLayout.FLAG_REPLY) != 0;
    }

    /** Whether the sender waits for a reply although the request has none of its own. */
    public boolean needsReply() {
        return (flags & MessageHeaderLayout.FLAG_NEED_REPLY) != 0;
    }

    /** The payload, from 0 to its limit, read-only, in native byte order; each call returns a new view. */
    public ByteBuffer payload() {
        return payload.duplicate().clear().asReadOnlyBuffer().order(ByteOrder.nativeOrder());
    }

    /** File descriptors that came with the message, taken or not. */
    public int fdCount() {
        return fds.length;
    }

    /**
     * Hands over a file descriptor, which the caller closes from now on.
     *
     * @param index from 0
     * @throws IllegalStateException if it was taken before
     */
    public FileDescriptor takeFd(int index) {
        FileDescriptor fd = fds[index];
        if (fd == null) {
            throw new IllegalStateException("file descriptor " + index + " of the message was taken before");
        }
        fds[index] = null;
        return fd;
    }

    /**
     * Checks that this is a valid request of a front end.
     *
     * @throws ProtocolException saying what is wrong and what was expected
     */
    public FrontEndRequest frontEndRequest() throws ProtocolException {
        return checkRequest(FrontEndRequest.find(id), "front end");
    }

    /**
     * Checks that this is a valid request of a back end.
     *
     * @throws ProtocolException saying what is wrong and what was expected
     */
    public BackEndRequest backEndRequest() throws ProtocolException {
        return checkRequest(BackEndRequest.find(id), "back end");
    }

    private <R extends Request> R checkRequest(R request, String side) throws ProtocolException {
        if (request == null) {
            throw new ProtocolException("unknown request " + Integer.toUnsignedString(id) + " of the " + side);
        }
        if (isReply()) {
            throw new ProtocolException(request.name() + " is a reply; expected a request");
        }
        request.payload().check(request.name(), payload);
        checkFds(request.name(), request.fds().min(payload), request.fds().max(payload));
        return request;
    }

    /**
     * Checks that this answers a request: with the request's own reply, or, if it has none, with a u64.
     *
     * @throws ProtocolException saying what is wrong and what was expected
     */
    public void checkAnswer(Request request) throws ProtocolException {
        String what = "the reply to " + request.name();
        if (id != request.id()) {
            throw new ProtocolException(
                what + " has request number " + Integer.toUnsignedString(id) + "; expected " + request.id());
        }
        if (!isReply()) {
            throw new ProtocolException(what + " is not marked as a reply (flags 0x" + Integer.toHexString(flags) + ")");
        }
        request.answer().check(what, payload);
        checkFds(what, request.replyFds(), request.replyFds());
    }

    private void checkFds(String what, int min, int max) throws ProtocolException {
        if (fds.length < min || fds.length > max) {
            throw new ProtocolException(what + " comes with " + fds.length + " file descriptors; expected " + max);
        }
    }

    /** The u64 that is the payload. */
    public long u64() {
        return payload.getLong(U64Layout.VALUE);
    }

    /** The vring state description that is the payload. */
    public VringState vringState() {
        return new VringState(payload.getInt(VringStateLayout.INDEX), payload.getInt(VringStateLayout.NUM));
    }

    /** The vring address description that is the payload. */
    public VringAddress vringAddress() {
        return new VringAddress(payload.getInt(VringAddressLayout.INDEX), payload.getInt(VringAddressLayout.FLAGS),
            payload.getLong(VringAddressLayout.DESCRIPTOR), payload.getLong(VringAddressLayout.USED),
            payload.getLong(VringAddressLayout.AVAILABLE), payload.getLong(VringAddressLayout.LOG));
    }

    /** The regions of the memory table that is the payload. */
    public List<RegionDescription> memoryTable() {
        RegionDescription[] regions = new RegionDescription[payload.getInt(MemoryTableLayout.NUM_REGIONS)];
        Arrays.setAll(regions, i -> region(MemoryTableLayout.region(i)));
        return List.of(regions);
    }

    /** The single memory region description that is the payload. */
    public RegionDescription memoryRegion() {
        return region(MemoryRegionLayout.SINGLE_REGION);
    }

    /** The part of the configuration space that is the payload; without contents if there is no payload. */
    public DeviceConfig deviceConfig() {
        if (payload.limit() == 0) {
            return new DeviceConfig(0, 0, new byte[0]);
        }
        byte[] contents = new byte[payload.getInt(DeviceConfigLayout.CONTENTS_SIZE)];
        payload.get(DeviceConfigLayout.CONTENTS, contents);
        return new DeviceConfig(payload.getInt(DeviceConfigLayout.OFFSET), payload.getInt(DeviceConfigLayout.FLAGS), contents);
    }

    /** The inflight description that is the payload. */
    public InflightDescription inflight() {
        return new InflightDescription(payload.getLong(InflightDescriptionLayout.MMAP_SIZE),
            payload.getLong(InflightDescriptionLayout.MMAP_OFFSET),
            Short.toUnsignedInt(payload.getShort(InflightDescriptionLayout.NUM_QUEUES)),
            Short.toUnsignedInt(payload.getShort(InflightDescriptionLayout.QUEUE_SIZE)));
    }

    private RegionDescription region(int at) {
        return new RegionDescription(payload.getLong(at + MemoryRegionLayout.GUEST_ADDRESS),
            payload.getLong(at + MemoryRegionLayout.REGION_SIZE), payload.getLong(at + MemoryRegionLayout.USER_ADDRESS),
            payload.getLong(at + MemoryRegionLayout.MMAP_OFFSET));
    }

    private void putRegion(int at, RegionDescription region) {
        payload.putLong(at + MemoryRegionLayout.GUEST_ADDRESS, region.guestAddress())
            .putLong(at + MemoryRegionLayout.REGION_SIZE, region.size())
            .putLong(at + MemoryRegionLayout.USER_ADDRESS, region.userAddress())
            .putLong(at + MemoryRegionLayout.MMAP_OFFSET, region.mmapOffset());
    }

    /** Closes the file descriptors that were not taken. Closing again does nothing. */
    @Override
    public void close() {
        for (int i = 0; i < fds.length; i++) {
            if (fds[i] != null) {
                takeFd(i).close();
            }
        }
    }

    /** The header, for people: the number, the flags, the sizes. */
    @Override
    public String toString() {
        return "message " + Integer.toUnsignedString(id) + ", flags 0x" + Integer.toHexString(flags) + ", "
            + payload.limit() + " bytes of payload, " + fds.length + " file descriptors";
    }
}
