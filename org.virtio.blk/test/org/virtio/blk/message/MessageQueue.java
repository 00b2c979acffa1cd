// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.message;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.virtio.memory.DmaBuffer;
import org.virtio.queue.QueueDTO;
import org.virtio.queue.QueueResult;
import org.virtio.queue.UsedBufferHandler;

/**
 * A virtqueue that is no ring: publishing a request puts it in line to be sent, notifying the device sends what the
 * connection takes, and polling reads answers. What neither takes at once goes on with the next poll, so that no call but
 * {@link #await} ever waits. An answer to nothing, or a longer one than was asked for, breaks the queue.
 */
final class MessageQueue extends BreakableQueue {
    private final int size;
    private final MessageSocket socket;
    private final MessageRequest[] requests;
    /** Of ids: the first {@code freeIds} are free. */
    private final int[] free;
    private int freeIds;
    private int freeDescriptors;
    /** The request under construction, or null. */
    private MessageRequest building;
    /** Not sent yet, the oldest first; the first {@code published} of them may be. */
    private final ArrayDeque<MessageRequest> unsent = new ArrayDeque<>();
    private int published;
    /** Whose message is partly in the connection's buffer, or null. */
    private MessageRequest sending;
    /** Whose answer has partly arrived, or null. */
    private MessageRequest receiving;
    private int written;
    private int missing;
    private long entered;
    private long completed;

    MessageQueue(int index, int size, MessageSocket socket) {
        super(index);
        this.size = size;
        this.socket = socket;
        this.requests = new MessageRequest[size];
        this.free = new int[size];
        this.freeIds = size;
        this.freeDescriptors = size;
        for (int i = 0; i < size; i++) {
            requests[i] = new MessageRequest(i);
            free[i] = size - 1 - i;
        }
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public int freeDescriptors() {
        return freeDescriptors;
    }

    @Override
    public int inFlight() {
        return size - freeIds + (building == null ? 0 : 1);
    }

    @Override
    public int begin(Object token, long context, int maxDescriptors) {
        assert isOwner();
        Objects.requireNonNull(token, "token");
        enter();
        if (isBroken()) {
            return QueueResult.BROKEN;
        }
        if (maxDescriptors < 1 || maxDescriptors > size) {
            return QueueResult.INVALID;
        }
        if (maxDescriptors > freeDescriptors) {
            return QueueResult.FULL;
        }
        // There is one: no request in flight has fewer than one descriptor.
        building = requests[free[freeIds - 1]];
        building.begin(token, context, maxDescriptors);
        return QueueResult.OK;
    }

    @Override
    public void addReadable(DmaBuffer buffer, int offset, int length) {
        underConstruction().addReadable(buffer, offset, length);
    }

    @Override
    public void addWritable(DmaBuffer buffer, int offset, int length) {
        underConstruction().addWritable(buffer, offset, length);
    }

    /** A message has no tables, and needs none. */
    @Override
    public void preferIndirect() {
        underConstruction();
    }

    private MessageRequest underConstruction() {
        assert isOwner();
        if (building == null) {
            throw new IllegalStateException("no request is under construction");
        }
        return building;
    }

    @Override
    public void abort() {
        assert isOwner();
        if (building != null) {
            building.clear();
            building = null;
        }
    }

    private void enter() {
        if (building != null && building.count > 0) {
            freeIds--;
            freeDescriptors -= building.count;
            building.number = entered++;
            unsent.add(building);
        }
        building = null;
    }

    @Override
    public boolean publish() {
        assert isOwner();
        enter();
        boolean any = unsent.size() > published && !isBroken();
        published = unsent.size();
        return any;
    }

    @Override
    public boolean notifyDevice() {
        assert isOwner();
        try {
            send();
        } catch (IOException e) {
            failed(e);
        }
        return !isBroken();
    }

    private void send() throws IOException {
        while (!isBroken() && (sending != null || published > 0)) {
            if (sending == null) {
                if (!socket.send(MessageLayout.REQUEST_HEADER)) {
                    return;
                }
                sending = unsent.remove();
                published--;
                socket.out().putInt(sending.id).putInt(sending.readableBytes).putInt(sending.writableBytes);
                sending.startReading();
            }
            if (sending.copyTo(socket.out())) {
                sending.sent = true;
                sending = null;
            } else if (!socket.send(1)) {
                return;
            }
        }
        socket.send();
    }

    private void failed(IOException e) {
        breakForGood("queue " + index() + ": " + e.getMessage());
    }

    @Override
    public int poll(UsedBufferHandler handler, int limit) {
        assert isOwner();
        int count = 0;
        try {
            send();
            while (count < limit && !isBroken() && receive()) {
                count++;
                release(receiving, handler, written);
            }
        } catch (IOException e) {
            failed(e);
        }
        return count == 0 && isBroken() ? QueueResult.BROKEN : count;
    }

    /** Whether the answer to {@link #receiving} is complete. */
    private boolean receive() throws IOException {
        if (receiving == null && !receiveHeader()) {
            return false;
        }
        while (missing > 0) {
            if (!socket.receive(1)) {
                return false;
            }
            missing -= receiving.copyFrom(socket.in(), missing);
        }
        return true;
    }

    private boolean receiveHeader() throws IOException {
        if (!socket.receive(MessageLayout.ANSWER_HEADER)) {
            return false;
        }
        int id = socket.in().getInt();
        written = socket.in().getInt();
        if (id < 0 || id >= size || !requests[id].sent) {
            breakForGood("an answer to request " + id + ", which the device does not have");
            return false;
        }
        if (written < 0 || written > requests[id].writableBytes) {
            breakForGood("request " + id + " has " + requests[id].writableBytes + " device-writable bytes, but "
                + Integer.toUnsignedString(written) + " are said to be written");
            return false;
        }
        receiving = requests[id];
        receiving.startWriting();
        missing = written;
        return true;
    }

    /** Everything is up to date before the handler is called, which may begin requests and may throw. */
    private void release(MessageRequest request, UsedBufferHandler handler, int bytes) {
        receiving = null;
        Object token = request.token;
        long context = request.context;
        free[freeIds++] = request.id;
        freeDescriptors += request.count;
        completed++;
        request.clear();
        handler.used(token, context, bytes);
    }

    @Override
    public void disableNotifications() {
        assert isOwner();
    }

    /** What has arrived ends a wait, wanted or not: there is nothing to ask the device for. */
    @Override
    public boolean enableNotifications() {
        return !isUsed(prepareNotifications());
    }

    @Override
    public int prepareNotifications() {
        assert isOwner();
        return 0;
    }

    @Override
    public boolean isUsed(int position) {
        assert isOwner();
        try {
            return isBroken() || socket.receive(receiving == null ? MessageLayout.ANSWER_HEADER : 1);
        } catch (IOException e) {
            failed(e);
            return true;
        }
    }

    @Override
    public boolean enableNotificationsDelayed() {
        return enableNotifications();
    }

    @Override
    public boolean await(long timeoutNanos) {
        assert isOwner();
        try {
            return isBroken() || socket.await(timeoutNanos);
        } catch (IOException e) {
            failed(e);
            return true;
        }
    }

    @Override
    public void wakeup() {
        socket.wakeup();
    }

    @Override
    public int detach(UsedBufferHandler handler) {
        assert isOwner();
        if (!isBroken()) {
            throw new IllegalStateException("queue " + index() + " is not broken: its requests are the device's");
        }
        breakForGood(brokenReason());
        enter();
        unsent.clear();
        published = 0;
        sending = null;
        List<MessageRequest> left = Stream.of(requests).filter(request -> request.number >= 0)
            .sorted(Comparator.comparingLong(request -> request.number)).toList();
        left.forEach(request -> release(request, handler, 0));
        return left.size();
    }

    @Override
    public QueueDTO dump() {
        QueueDTO dto = new QueueDTO();
        Thread thread = owner();
        dto.index = index();
        dto.size = size;
        dto.format = "message";
        dto.owner = thread == null ? null : thread.getName();
        dto.brokenReason = brokenReason();
        dto.breaks = breaks();
        dto.inFlight = size - freeIds;
        dto.freeDescriptors = freeDescriptors;
        dto.requests = entered;
        dto.completions = completed;
        return dto;
    }

    /** After this no buffer is written any more. Any thread, with no owner or one that is beyond waiting for. */
    void close() {
        breakForGood("the queue was closed");
        socket.close();
    }
}
