// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import static org.virtio.spec.SplitRingLayout.F_WRITE;

import java.util.Objects;
import org.virtio.memory.DmaBuffer;

/**
 * The request under construction, in the driver's own memory: nothing of it is in the ring before it is complete. Only then
 * is it known how many descriptors it has, and so whether an indirect table is worth it; and to abort it costs nothing.
 */
final class Request {
    /** Section 2.7.5.1: the bytes of one request. */
    private static final long MAX_BYTES = 1L << 32;
    private static final long WRITABLE = (long) F_WRITE << 32;

    /** For each descriptor its address in this process, then its length with the flags above. */
    private final long[] words;
    private Object token;
    private long context;
    private int limit;
    private int count;
    private long bytes;
    private int writableBytes;
    private boolean indirect;

    /** For requests of up to {@code size} descriptors. */
    Request(int size) {
        words = new long[2 * size];
    }

    /** Whether a request has been begun and not completed. */
    boolean isOpen() {
        return limit != 0;
    }

    Object token() {
        return token;
    }

    long context() {
        return context;
    }

    /** Descriptors so far. */
    int count() {
        return count;
    }

    long address(int descriptor) {
        return words[2 * descriptor];
    }

    /** The length in the lower half; F_WRITE, or nothing, in the upper. */
    long lengthAndFlags(int descriptor) {
        return words[2 * descriptor + 1];
    }

    long readableBytes() {
        return bytes - writableBytes;
    }

    int writableBytes() {
        return writableBytes;
    }

    /** Whether it is to use an indirect table whatever its length. */
    boolean asksForIndirect() {
        return indirect;
    }

    void open(Object newToken, long newContext, int newLimit) {
        // Storing a reference costs a barrier: see InFlight.
        if (token != newToken) {
            token = newToken;
        }
        context = newContext;
        limit = newLimit;
    }

    void askForIndirect() {
        if (limit == 0) {
            throw new IllegalStateException("no request is under construction");
        }
        indirect = true;
    }

    /** Takes the place of a request that was entered before. */
    void load(SavedRequest saved) {
        System.arraycopy(saved.words(), 0, words, 0, saved.words().length);
        count = saved.words().length / 2;
        token = saved.token();
        context = saved.context();
        limit = count;
        bytes = 0;
        writableBytes = 0;
        for (int i = 0; i < count; i++) {
            bytes += (int) lengthAndFlags(i);
            writableBytes += (lengthAndFlags(i) & WRITABLE) == 0 ? 0 : (int) lengthAndFlags(i);
        }
    }

    void addReadable(DmaBuffer buffer, int offset, int length) {
        checkRange(buffer, offset, length);
        if (writableBytes != 0) {
            throw new IllegalStateException("a device-readable buffer cannot follow a device-writable one");
        }
        add(buffer.address() + offset, length, length);
    }

    void addWritable(DmaBuffer buffer, int offset, int length) {
        checkRange(buffer, offset, length);
        if (writableBytes + length < 0) {
            throw new IllegalStateException("device-writable buffers of a request come to more than 2 GiB - 1");
        }
        add(buffer.address() + offset, length, length | WRITABLE);
        writableBytes += length;
    }

    private static void checkRange(DmaBuffer buffer, int offset, int length) {
        if (length < 1) {
            throw new IndexOutOfBoundsException("buffer length " + length + " is below 1");
        }
        Objects.checkFromIndexSize(offset, length, buffer.size());
    }

    private void add(long address, int length, long lengthAndFlags) {
        if (count == limit || bytes + length > MAX_BYTES) {
            refuse();
        }
        words[2 * count] = address;
        words[2 * count + 1] = lengthAndFlags;
        count++;
        bytes += length;
    }

    private void refuse() {
        if (count < limit) {
            throw new IllegalStateException("buffers of a request come to more than 4 GiB");
        }
        throw new IllegalStateException(limit == 0 ? "no request is under construction"
            : "the request was begun with at most " + limit + " descriptors");
    }

    /** Forgets it. */
    void clear() {
        limit = 0;
        count = 0;
        bytes = 0;
        writableBytes = 0;
        indirect = false;
    }
}
