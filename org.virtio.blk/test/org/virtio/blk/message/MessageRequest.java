// SPDX-License-Identifier: Apache-2.0
package org.virtio.blk.message;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;
import org.virtio.memory.DmaBuffer;

/** A request: the buffers of one, and how far they have been copied into its message, or out of the answer. */
final class MessageRequest {
    /** What the messages call it. */
    final int id;
    Object token;
    long context;
    /** How many were entered before it; below 0 if it is not in flight. */
    long number = -1;
    /** Whether the device has all of it. */
    boolean sent;
    int readableBytes;
    int writableBytes;
    int count;
    private int limit;
    private int readable;
    private DmaBuffer[] buffers = new DmaBuffer[4];
    private int[] offsets = new int[4];
    private int[] lengths = new int[4];
    /** The buffer that is being copied, and how many of its bytes have been. */
    private int current;
    private int copied;

    MessageRequest(int id) {
        this.id = id;
    }

    void begin(Object newToken, long newContext, int newLimit) {
        clear();
        token = newToken;
        context = newContext;
        limit = newLimit;
    }

    void clear() {
        Arrays.fill(buffers, 0, count, null);
        token = null;
        number = -1;
        sent = false;
        count = 0;
        readable = 0;
        readableBytes = 0;
        writableBytes = 0;
    }

    void addReadable(DmaBuffer buffer, int offset, int length) {
        if (readable < count) {
            throw new IllegalStateException("a device-writable buffer was added before");
        }
        int bytes = sum(readableBytes, length);
        add(buffer, offset, length);
        readableBytes = bytes;
        readable = count;
    }

    void addWritable(DmaBuffer buffer, int offset, int length) {
        int bytes = sum(writableBytes, length);
        add(buffer, offset, length);
        writableBytes = bytes;
    }

    private static int sum(int bytes, int more) {
        try {
            return Math.addExact(bytes, more);
        } catch (ArithmeticException e) {
            throw new IllegalStateException("more than 2 GiB - 1 byte in one request", e);
        }
    }

    private void add(DmaBuffer buffer, int offset, int length) {
        if (length < 1) {
            throw new IndexOutOfBoundsException("buffer length " + length + " is below 1");
        }
        Objects.checkFromIndexSize(offset, length, buffer.size());
        if (count == limit) {
            throw new IllegalStateException("the request was begun with no more than " + limit + " buffers");
        }
        if (count == buffers.length) {
            buffers = Arrays.copyOf(buffers, 2 * count);
            offsets = Arrays.copyOf(offsets, 2 * count);
            lengths = Arrays.copyOf(lengths, 2 * count);
        }
        buffers[count] = buffer;
        offsets[count] = offset;
        lengths[count] = length;
        count++;
    }

    void startReading() {
        current = 0;
        copied = 0;
    }

    void startWriting() {
        current = readable;
        copied = 0;
    }

    /** Copies device-readable bytes into a message; returns whether it has all of them. */
    boolean copyTo(ByteBuffer message) {
        while (current < readable && message.hasRemaining()) {
            int bytes = Math.min(lengths[current] - copied, message.remaining());
            message.put(message.position(), buffers[current].bytes(), offsets[current] + copied, bytes);
            message.position(message.position() + bytes);
            advance(bytes);
        }
        return current == readable;
    }

    /** Copies up to so many bytes of an answer into device-writable buffers; returns how many. */
    int copyFrom(ByteBuffer message, int most) {
        int left = Math.min(most, message.remaining());
        int all = left;
        while (left > 0) {
            int bytes = Math.min(lengths[current] - copied, left);
            buffers[current].bytes().put(offsets[current] + copied, message, message.position(), bytes);
            message.position(message.position() + bytes);
            advance(bytes);
            left -= bytes;
        }
        return all;
    }

    private void advance(int bytes) {
        copied += bytes;
        if (copied == lengths[current]) {
            current++;
            copied = 0;
        }
    }
}
