// SPDX-License-Identifier: Apache-2.0
package org.virtio.core.queue;

import java.util.Arrays;
import java.util.Comparator;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * The driver's own record of a split virtqueue's descriptors: which are free, which belong to a request in flight, and
 * what each request was given. It is never read from shared memory, so that a device cannot falsify it.
 *
 * <p>Free descriptors form a list. A chain that comes back goes to its front whole, so that the next request of its length
 * finds the same descriptors.
 */
final class ChainTable {
    private static final int END = -1;
    /** Section 2.7.5.1. */
    private static final long MAX_CHAIN_BYTES = 1L << 32;

    /** For each descriptor, the one after it in the free list or in its chain. */
    private final int[] next;

    /** For each descriptor that heads a chain in flight: see {@link #close}. Null token: it heads none. */
    private final Object[] token;
    private final int[] tail;
    private final int[] length;
    private final int[] writable;
    private final long[] sequence;

    private int freeHead;
    private int free;
    private int inFlight;

    /** The request under construction: its token, or null; how many descriptors it may have and has. */
    private Object openToken;
    private int openLimit;
    private int openLength;
    private int openWritable;
    private long openBytes;
    private int first;
    private int previous;
    private int last;

    ChainTable(int size) {
        next = new int[size];
        Arrays.setAll(next, i -> i + 1 < size ? i + 1 : END);
        token = new Object[size];
        tail = new int[size];
        length = new int[size];
        writable = new int[size];
        sequence = new long[size];
        free = size;
    }

    /** Descriptors in the free list. */
    int free() {
        return free;
    }

    /** Requests in flight, with the one under construction. */
    int inFlight() {
        return openToken == null ? inFlight : inFlight + 1;
    }

    /** Whether no descriptor has been added to a request under construction. */
    boolean isEmpty() {
        return openLength == 0;
    }

    /** The last descriptor but one of the request under construction. */
    int previous() {
        return previous;
    }

    /** The last descriptor of the request under construction. */
    int last() {
        return last;
    }

    /** Starts a request that may take up to {@code limit} descriptors, which are free. */
    void open(Object newToken, int limit) {
        openToken = newToken;
        openLimit = limit;
    }

    /**
     * Adds a descriptor to the request under construction.
     *
     * @return its number
     */
    int add(boolean deviceWritable, int bytes) {
        if (openLength == openLimit || openToken == null) {
            throw new IllegalStateException(openToken == null ? "no request is under construction"
                : "the request was begun with at most " + openLimit + " descriptors");
        }
        if (deviceWritable) {
            if (openWritable + bytes < 0) {
                throw new IllegalStateException("device-writable buffers of a request come to more than 2 GiB - 1");
            }
        } else if (openWritable > 0) {
            throw new IllegalStateException("a device-readable buffer cannot follow a device-writable one");
        }
        if (openBytes + bytes > MAX_CHAIN_BYTES) {
            throw new IllegalStateException("buffers of a request come to more than 4 GiB");
        }
        openBytes += bytes;
        openWritable += deviceWritable ? bytes : 0;
        int descriptor = freeHead;
        freeHead = next[descriptor];
        free--;
        if (openLength++ == 0) {
            first = descriptor;
        } else {
            next[last] = descriptor;
        }
        previous = last;
        last = descriptor;
        return descriptor;
    }

    /** Takes the request under construction back, if there is one. */
    void abort() {
        if (openLength > 0) {
            next[last] = freeHead;
            freeHead = first;
            free += openLength;
        }
        clear();
    }

    private void clear() {
        openToken = null;
        openLength = 0;
        openWritable = 0;
        openBytes = 0;
        openLimit = 0;
    }

    /**
     * Ends the request under construction, which has a descriptor, and records it as in flight.
     *
     * @param number how many requests were entered before it
     * @return its head
     */
    int close(long number) {
        int head = first;
        inFlight++;
        token[head] = openToken;
        tail[head] = last;
        length[head] = openLength;
        writable[head] = openWritable;
        sequence[head] = number;
        clear();
        return head;
    }

    /**
     * Checks what the device says that it has used.
     *
     * @param published how many requests the device has been shown
     * @return what cannot be, or null
     */
    String check(int id, int written, long published) {
        if (id < 0 || id >= token.length) {
            return "id " + Integer.toUnsignedString(id) + " is not a descriptor of a queue of " + token.length;
        }
        if (token[id] == null) {
            return "id " + id + " is not in flight";
        }
        if (sequence[id] >= published) {
            return "id " + id + " has not been made available";
        }
        if (written < 0 || written > writable[id]) {
            return "id " + id + " has " + writable[id] + " device-writable bytes, but " + Integer.toUnsignedString(written)
                + " are said to be written";
        }
        return null;
    }

    /** Frees the chain of a request in flight, and gives back its token. */
    Object release(int head) {
        Object released = token[head];
        token[head] = null;
        next[tail[head]] = freeHead;
        freeHead = head;
        free += length[head];
        inFlight--;
        return released;
    }

    /**
     * Gives back all tokens in flight, the oldest first, and frees their chains.
     *
     * @return how many there were
     */
    int drain(Consumer<Object> consumer) {
        int[] heads = IntStream.range(0, token.length).filter(i -> token[i] != null).boxed()
            .sorted(Comparator.comparingLong(head -> sequence[head])).mapToInt(Integer::intValue).toArray();
        for (int head : heads) {
            consumer.accept(release(head));
        }
        return heads.length;
    }
}
