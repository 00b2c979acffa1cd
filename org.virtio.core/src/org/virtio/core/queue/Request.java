// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

/**
 * The request under construction, in the driver's own memory: nothing of it is in the ring before it is complete. Only then
 * is it known how many descriptors it has, and so whether an indirect table is worth it; and to abort it costs nothing.
 */
final class Request {
    /** Section 2.7.5.1: the bytes of one request. */
    private static final long MAX_BYTES = 1L << 32;

    private final long[] address;
    private final int[] length;
    private Object token;
    private long context;
    private int limit;
    private int count;
    private int readable;
    private long readableBytes;
    private int writableBytes;
    private boolean indirect;

    /** For requests of up to {@code size} descriptors. */
    Request(int size) {
        address = new long[size];
        length = new int[size];
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

    /** Descriptors from this one on are device-writable. */
    int readable() {
        return readable;
    }

    long address(int descriptor) {
        return address[descriptor];
    }

    int length(int descriptor) {
        return length[descriptor];
    }

    long readableBytes() {
        return readableBytes;
    }

    int writableBytes() {
        return writableBytes;
    }

    /** Whether it is to use an indirect table whatever its length. */
    boolean asksForIndirect() {
        return indirect;
    }

    void open(Object newToken, long newContext, int newLimit) {
        token = newToken;
        context = newContext;
        limit = newLimit;
    }

    void askForIndirect() {
        if (limit == 0) {
            throw new IllegalStateException("no request is under construction");
        }
        indirect = true;
    }

    void addReadable(long bufferAddress, int bytes) {
        if (count != readable || readableBytes + bytes > MAX_BYTES) {
            throw new IllegalStateException(count != readable ? "a device-readable buffer cannot follow a device-writable one"
                : "device-readable buffers of a request come to more than 4 GiB");
        }
        add(bufferAddress, bytes);
        readable = count;
        readableBytes += bytes;
    }

    void addWritable(long bufferAddress, int bytes) {
        if (writableBytes + bytes < 0 || readableBytes + writableBytes + bytes > MAX_BYTES) {
            throw new IllegalStateException(writableBytes + bytes < 0
                ? "device-writable buffers of a request come to more than 2 GiB - 1"
                : "buffers of a request come to more than 4 GiB");
        }
        add(bufferAddress, bytes);
        writableBytes += bytes;
    }

    private void add(long bufferAddress, int bytes) {
        if (count == limit) {
            throw new IllegalStateException(limit == 0 ? "no request is under construction"
                : "the request was begun with at most " + limit + " descriptors");
        }
        address[count] = bufferAddress;
        length[count] = bytes;
        count++;
    }

    /** Forgets it. */
    void clear() {
        limit = 0;
        count = 0;
        readable = 0;
        readableBytes = 0;
        writableBytes = 0;
        indirect = false;
    }
}
